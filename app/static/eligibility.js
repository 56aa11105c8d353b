// @ts-check
/**
 * Decides on the device who is entitled to which services, from a bundle (`GET /v1/bundles/{region}`): what
 * `POST /v1/eligibility` answers, while nothing about the person goes anywhere.
 *
 *     import { applyDelta, assess, digest, prepare } from "./eligibility.js";
 *     if ((await digest(bundle)) !== bundle.digest) …                       // fetch the whole bundle
 *     const prepared = prepare(bundle);                                     // once per bundle
 *     assess(prepared, { on: "2024-06-01", facts: { age: { min: 60 } }, declined: ["disability_grade"] });
 *
 * Values are numbers in here (a day, a region code, a place in a list), and what a fact may still be is spans of them.
 *
 * @typedef {boolean | null} Truth  null is unknown
 * @typedef {[low: number, high: number]} Span  with both its ends
 * @typedef {{ type: string, spans: Span[], given: boolean }} Known
 * @typedef {Record<string, Known>} Knowledge
 * @typedef {(known: Knowledge) => Truth} Test
 * @typedef {{ parts: Node[], merged: Node[], test: Test, fact: string, op: string, named: Span[], plain: boolean }} Node
 * @typedef {Map<string, Node[]>} Clauses  by fact
 * @typedef {{ slug: string, service: string, version: number, strength: string, test: Test, whole: Node }} Rule
 * @typedef {{ slug: string, offer: Record<string, string>, rules: Rule[], clauses: Clauses }} Service
 * @typedef {{ facts: Map<string, any>, premises: Map<string, Node>, nothing: Knowledge, services: Service[] }} Prepared
 * @typedef {{ on: string, facts?: Record<string, any>, declined?: Iterable<string> }} Asked
 */

const STRENGTHS = ["entitlement", "target_group", "pilot"];
/** @type {Record<string, (n: number) => Span>} */
const BOUNDS = {
  at_least: (n) => [n, Infinity],
  at_most: (n) => [-Infinity, n],
  more_than: (n) => [n + 1, Infinity],
  less_than: (n) => [-Infinity, n - 1],
};
const OPERATORS = ["is", "in", "within", ...Object.keys(BOUNDS)];
const [DAY, EPOCH, LAST_DAY] = [86_400_000, 719_163, 3_652_059]; // days are counted from 0001-01-01, which is day 1
const [MOST_TRIALS, MOST_COMPLETIONS, MOST_FAULTS] = [4096, 65_536, 20]; // where the server, too, stops trying

/** Everything that is wrong with what was given, each with a JSON pointer and never with a value. */
export class InvalidFacts extends TypeError {
  constructor(/** @type {{ pointer: string, message: string }[]} */ faults) {
    super(faults.map((fault) => `${fault.pointer}: ${fault.message}`).join(" "));
    this.name = "InvalidFacts";
    this.faults = faults;
  }
}

const placeOf = (/** @type {string} */ fact) => "/facts/" + fact.replace(/~/g, "~0").replace(/\//g, "~1");
const covers = (/** @type {Span} */ a, /** @type {Span} */ b) => a[0] <= b[0] && b[0] <= b[1] && b[1] <= a[1];
const meets = (/** @type {Span} */ a, /** @type {Span} */ b) => a[0] <= b[1] && b[0] <= a[1];
/** @template T @param {Map<string, T[]>} map @param {string} key @param {T} value */
const add = (map, key, value) => map.get(key)?.push(value) ?? map.set(key, [value]);

// ---- What is known, and what follows from it

const isoDay = (/** @type {number} */ day) => new Date((day - EPOCH) * DAY).toISOString().slice(0, 10);

/** @param {unknown} text @returns {number} */
function dayOf(text) {
  if (typeof text !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return NaN;
  const day = Date.parse(text + "T00:00:00Z") / DAY + EPOCH;
  return day >= 1 && isoDay(day) === text ? day : NaN;
}

/** The numbers that stand for a value: a region for all codes in it. @param {any} fact @param {any} value @returns {Span} */
function spanOf({ type, values }, value) {
  if (type === "region") {
    const code = typeof value === "string" && /^[1-9][0-9]{5}$/.test(value) ? Number(value) : NaN;
    return [code, code + (code % 10_000 === 0 ? 9999 : code % 100 === 0 ? 99 : 0)];
  }
  const choices = type === "boolean" ? [false, true] : values.map((/** @type {any} */ one) => one.value);
  const number = type === "integer" ? value : type === "date" ? dayOf(value) : choices.indexOf(value);
  return Number.isInteger(number) ? [number, number] : [NaN, NaN];
}

/** @param {any} fact @returns {Known} */
function unknown({ type, minimum = 0, maximum = 0, values }) {
  const choices = type === "boolean" ? [0, 1] : values.keys();
  /** @type {Record<string, Span[]>} */
  const ranges = { integer: [[minimum, maximum]], date: [[1, LAST_DAY]], region: [[0, 999_999]] };
  return { type, spans: ranges[type] ?? [...choices].map((place) => [place, place]), given: false };
}

const ranged = (/** @type {Known} */ { type }) => type === "integer" || type === "date";
const exact = (/** @type {Known} */ { spans }) => spans.length === 1 && spans[0][0] === spans[0][1];

/** What one value, band or set says; null if that cannot be. @param {any} fact @param {Known} all @param {any} raw */
function parsed(fact, all, raw) {
  let spans = [spanOf(fact, raw)];
  if (typeof raw === "object") {
    const { min = null, max = null, any_of = null } = raw;
    const band = ranged(all) && (min ?? max) !== null;
    const listed = !ranged(all) && all.type !== "region";
    const set = listed && Array.isArray(any_of) && any_of.length <= 2 * all.spans.length;
    const others = Object.keys(raw).some((key) => !(band ? ["min", "max"] : ["any_of"]).includes(key));
    const low = min === null ? all.spans[0][0] : spanOf(fact, min)[0];
    const high = max === null ? all.spans[0][1] : spanOf(fact, max)[0];
    spans = others ? [] : band ? [[low, high]] : set ? [...new Set(any_of)].map((one) => spanOf(fact, one)) : [];
  }
  const fits = spans.length > 0 && spans.every((one) => all.spans.some((span) => covers(span, one)));
  return fits ? { ...all, spans, given: true } : null;
}

/** What is given, with all that follows on the day. @param {Prepared} prepared @param {Asked} asked */
function understood(prepared, { facts = {}, on }) {
  const faults = [];
  const readable = typeof facts === "object" && facts !== null && !Array.isArray(facts);
  if (!readable) faults.push({ pointer: "/facts", message: "Facts are a JSON object." });
  if (!(dayOf(on) > 0)) faults.push({ pointer: "/on", message: "Write a date as YYYY-MM-DD." });
  const known = { ...prepared.nothing };
  for (const [slug, raw] of Object.entries(readable ? facts : {})) {
    if (faults.length === MOST_FAULTS) break;
    const fact = prepared.facts.get(slug);
    const read = fact && ((raw ?? null) === null ? known[slug] : parsed(fact, known[slug], raw));
    if (read) known[slug] = read;
    else faults.push({ pointer: placeOf(slug), message: fact ? "The fact cannot be so." : "There is no such fact." });
  }
  if (!faults.length) faults.push(...derive(prepared, known, on));
  if (faults.length) throw new InvalidFacts(faults);
  return known;
}

/** Adds what follows until nothing more does; returns the contradictions. @param {Prepared} prepared @param {Knowledge} known @param {string} on */
function derive({ facts, premises }, known, on) {
  const faults = new Map();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [slug, fact] of facts) {
      const { implies, value, from = implies?.from } = fact.derivation ?? {};
      const premise = premises.get(slug);
      if (!known[from] || faults.has(slug) || (premise && !premise.test(known))) continue;
      const [mine, [[low, high]]] = [known[slug], known[from].spans];
      const follows = premise ? spanOf(fact, value) : [completedYears(high, on), completedYears(low, on)];
      const spans = common(mine.spans, follows);
      const message = `On this day, ${from} leaves no such value of ${slug}.`;
      if (!spans.length) faults.set(slug, { pointer: placeOf(mine.given ? slug : from), message });
      else if (String(spans) !== String(mine.spans)) [known[slug], changed] = [{ ...mine, spans }, true];
    }
  }
  return [...faults.values()];
}

/** Who was born on a leap day grows older on 1 March elsewhere. @param {number} birth @param {string} on */
function completedYears(birth, on) {
  const born = isoDay(birth);
  return Number(on.slice(0, 4)) - Number(born.slice(0, 4)) - (on.slice(5) < born.slice(5) ? 1 : 0);
}

/** @param {Span[]} spans @param {number[]} other @returns {Span[]} */
function common(spans, [from, to]) {
  const found = spans.map(([low, high]) => [Math.max(low, from), Math.min(high, to)]);
  return /** @type {Span[]} */ (found.filter(([low, high]) => low <= high));
}

/** The same without overlaps. @param {Span[]} spans */
function union(spans) {
  const found = /** @type {Span[]} */ ([]);
  for (const [low, high] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = found[found.length - 1];
    if (last && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else found.push([low, high]);
  }
  return found;
}

/** Whether all that is left is wanted, or none of it. @param {Span[]} left @param {Span[]} wanted @returns {Truth} */
function verdict(left, wanted) {
  let [inside, outside] = [false, false];
  for (const one of left) {
    let whole = false;
    for (const span of wanted) {
      inside ||= meets(span, one);
      whole ||= covers(span, one);
    }
    outside ||= !whole;
  }
  return inside && outside ? null : inside;
}

// ---- Conditions: functions from what is known to true, false or null

/** @type {Node} */
const UNDEFINED = { parts: [], merged: [], test: () => null, fact: "", op: "", named: [], plain: true };
const opposite = (/** @type {Truth} */ value) => (value === null ? null : !value);
/** @param {Node} part @returns {Node} */
const not = (part) => ({ ...UNDEFINED, parts: [part], merged: [part], test: (known) => opposite(part.test(known)) });
/** @param {Node[]} parts @returns {Node} */
const every = (parts) => ({ ...UNDEFINED, parts, merged: parts, test: joined(parts, false) });

/** `is a or is b` is asked as one question, which a set can answer. @param {Node[]} parts @returns {Node} */
function some(parts) {
  const listed = parts.filter(({ op }) => op === "is" || op === "in");
  const lists = [...byFact(listed)].map(([fact, asked]) => {
    return clause(fact, "in", asked.flatMap((one) => one.named), asked[0].plain);
  });
  const merged = [...lists, ...parts.filter((part) => !listed.includes(part))];
  return { ...UNDEFINED, parts, merged, test: joined(merged, true) };
}

/** One part that says `enough` settles it. @param {Node[]} parts @param {boolean} enough @returns {Test} */
function joined(parts, enough) {
  return (known) => {
    let open = false;
    for (const part of parts) {
      const value = part.test(known);
      if (value === enough) return enough;
      open ||= value === null;
    }
    return open ? null : !enough;
  };
}

/** @param {any} raw @param {Map<string, any>} facts @param {boolean} plain whether no `not` turns it round @returns {Node} */
function compiled(raw, facts, plain = true) {
  if (raw.not) return not(compiled(raw.not, facts, !plain));
  const parts = (raw.all ?? raw.any ?? []).map((/** @type {any} */ part) => compiled(part, facts, plain));
  if (raw.all || raw.any) return raw.all ? every(parts) : some(parts);
  const op = OPERATORS.find((name) => raw[name] !== undefined);
  if (!op) return UNDEFINED;
  const spans = [raw[op]].flat().map((value) => spanOf(facts.get(raw.fact), value));
  return clause(raw.fact, op, BOUNDS[op] ? [BOUNDS[op](spans[0][0])] : spans, plain);
}

/** @param {string} fact @param {string} op @param {Span[]} named @param {boolean} plain @returns {Node} */
function clause(fact, op, named, plain) {
  const wanted = union(named);
  return { ...UNDEFINED, test: (known) => verdict(known[fact].spans, wanted), fact, op, named, plain };
}

/** @param {Node} root @param {"parts" | "merged"} inside @returns {Node[]} */
const leaves = (root, inside = "parts") => {
  return root[inside].length ? root[inside].flatMap((part) => leaves(part, inside)) : [root];
};

/** @param {Node[]} found @returns {Clauses} */
function byFact(found) {
  const clauses = new Map();
  for (const leaf of found) if (leaf.fact) add(clauses, leaf.fact, leaf);
  return clauses;
}

/** The unknown leaves that nothing around them absorbs. @param {Node} root @param {Knowledge} known @returns {Node[]} */
function undecided(root, known) {
  if (root.test(known) !== null) return [];
  return root.parts.length ? root.parts.flatMap((part) => undecided(part, known)) : [root];
}

// ---- Classes: what no clause can tell apart. Completions: one class of every fact.

/** @param {Known} known @param {Node[]} asked @returns {Known[]} */
function classes(known, asked) {
  const named = asked.flatMap((one) => one.named);
  const cuts = [...new Set(named.flatMap(([low, high]) => [low, high + 1]))].sort((a, b) => a - b);
  const groups = /** @type {Map<string, Span[]>} */ (new Map());
  for (const [low, high] of known.spans) {
    const starts = [low, ...cuts.filter((cut) => low < cut && cut <= high)];
    starts.forEach((start, i) => {
      const span = /** @type {Span} */ ([start, (starts[i + 1] ?? high + 1) - 1]);
      const inside = (/** @type {Span[]} */ spans) => spans.some((one) => covers(one, span));
      // Regions: one class for each that is named, and one for the rest. Lists: what is named together.
      const apart = known.type === "region" ? named.map((one) => inside([one])) : asked.map((one) => inside(one.named));
      add(groups, String(ranged(known) ? start : apart), span);
    });
  }
  return [...groups.values()].map((spans) => ({ ...known, spans }));
}

/** What `code` says of every completion, and the facts on which alone that turns; null if there are more than `most`.
 * @template T @param {Clauses} clauses @param {Knowledge} known @param {number} most @param {(trial: Knowledge) => T} code */
function tried(clauses, known, most, code) {
  let size = 1;
  const axes = [...clauses].map(([fact, asked]) => {
    const axis = { fact, cells: classes(known[fact], asked), stride: size };
    size *= axis.cells.length;
    return axis;
  });
  if (size > most) return null;
  const trial = Object.create(known);
  const codes = Array.from({ length: size }, (_, index) => {
    for (const { fact, cells, stride } of axes) trial[fact] = cells[Math.floor(index / stride) % cells.length];
    return code(trial);
  });
  const turning = axes.filter(({ cells, stride }) => {
    return codes.some((one, index) => (index / stride) % cells.length >= 1 && one !== codes[index - stride]);
  });
  return { codes, facts: turning.map(({ fact }) => fact).sort() };
}

// ---- Rules and services

/** A condition's exact truth, unless that takes too many trials. @param {Node} root @param {Knowledge} nothing @returns {Test} */
function exactly(root, nothing) {
  const clauses = byFact(leaves(root, "merged"));
  const tangled = new Map([...clauses].filter(([fact, asked]) => !nested(nothing[fact], asked)));
  return (known) => {
    const value = root.test(known);
    if (value !== null || [...tangled.keys()].every((fact) => exact(known[fact]))) return value;
    const found = new Set(tried(tangled, known, MOST_TRIALS, root.test)?.codes);
    return found.size === 1 ? [...found][0] : null;
  };
}

/** Whether one value is the best for all of these clauses and another the worst: then part by part is exact already.
 * @param {Known} kind @param {Node[]} asked */
function nested(kind, asked) {
  const cells = classes(kind, asked);
  const wanted = asked.map(({ fact, test, plain }) => cells.filter((one) => test({ [fact]: one }) === plain));
  wanted.sort((a, b) => a.length - b.length);
  return wanted.every((outer, i) => i === 0 || wanted[i - 1].every((one) => outer.includes(one)));
}

/** @param {string} slug @param {any} rule @param {Map<string, any>} facts @param {Knowledge} nothing @returns {Rule} */
function ruleOf(slug, { service, version, strength, open_ended, condition, other_readings }, facts, nothing) {
  const conditions = [condition, ...other_readings.map((/** @type {any} */ other) => other.condition)];
  const roots = conditions.map((one) => compiled(one, facts));
  const tests = roots.map((root) => exactly(root, nothing));
  const agreed = roots.length > 1 ? some([every(roots), every([some(roots), UNDEFINED])]) : roots[0];
  const test = (/** @type {Knowledge} */ known) => {
    const [value, ...others] = tests.map((one) => one(known));
    return others.some((other) => other !== value) ? null : open_ended ? value || null : value;
  };
  return { slug, service, version, strength, test, whole: open_ended ? some([agreed, UNDEFINED]) : agreed };
}

/** The firmest rule that holds, else the first that is unknown. @param {Service} service @param {Knowledge} known */
function decide({ rules }, known) {
  const values = rules.map((rule) => rule.test(known));
  const [holding, open] = [values.indexOf(true), values.indexOf(null)];
  if (holding >= 0) return { outcome: "eligible", rule: rules[holding] };
  if (open >= 0 || !rules.length) return { outcome: "undetermined", rule: rules[open] ?? null };
  return { outcome: "not_eligible", rule: rules[0] };
}

/** The facts on which alone an open answer can turn. @param {Service} service @param {Knowledge} known */
function missing({ rules, clauses }, known) {
  const found = tried(clauses, known, MOST_COMPLETIONS, (trial) => {
    const values = rules.map(({ whole }) => whole.test(trial));
    return rules[values.indexOf(true)]?.strength ?? values.includes(null);
  });
  // Rules may leave nobody out only together: which of them holds is then what is missing.
  if (found && (found.facts.length || typeof found.codes[0] === "boolean")) return found.facts;
  const unsettling = rules.flatMap(({ whole }) => {
    const alone = tried(byFact(leaves(whole)), known, MOST_COMPLETIONS, whole.test);
    return alone?.facts ?? undecided(whole, known).flatMap(({ fact }) => fact || []);
  });
  return [...new Set(unsettling)].sort();
}

/** A fact, and what may imply it; never a birth date for an age: that says more than is needed.
 * @param {Map<string, Node>} premises @param {Knowledge} known @param {string} fact @param {string[]} seen @returns {string[]} */
function waysTo(premises, known, fact, seen = []) {
  const premise = premises.get(fact);
  if (!premise || seen.includes(premise.fact) || premise.test(known) !== null) return [fact];
  return [fact, ...waysTo(premises, known, premise.fact, [...seen, fact])];
}

/** How many services an answer settles on average.
 * @param {Prepared} prepared @param {string} fact @param {Service[]} services @param {Knowledge} known @param {string} on */
function settled(prepared, fact, services, known, on) {
  const premises = [...prepared.premises.values()].filter((premise) => premise.fact === fact);
  const asked = services.flatMap((service) => service.clauses.get(fact) ?? []);
  const counts = classes(known[fact], [...asked, ...premises]).flatMap((answer) => {
    const trial = Object.assign(Object.create(known), { [fact]: answer });
    if (premises.length && derive(prepared, trial, on).length) return [];
    return services.filter((service) => decide(service, trial).outcome !== "undetermined").length;
  });
  const mean = counts.length ? counts.reduce((sum, count) => sum + count) / counts.length : 0;
  // To hundredths; only odd eighths lie halfway between two, and go to the even one.
  return (mean * 8) % 2 === 1 ? (2 * Math.round(mean * 50)) / 100 : Number(mean.toFixed(2));
}

/** @param {Prepared} prepared @param {Knowledge} known @param {Map<Service, string[]>} open @param {Asked} asked */
function nextQuestion(prepared, known, open, { declined = [], on }) {
  const [found, refused] = [/** @type {Map<string, Service[]>} */ (new Map()), new Set(declined)];
  for (const [service, lacking] of open) {
    for (const fact of new Set(lacking.flatMap((one) => waysTo(prepared.premises, known, one)))) {
      if (!refused.has(fact) && !known[fact].given && !exact(known[fact])) add(found, fact, service);
    }
  }
  const scored = [...found].map(([fact, services]) => {
    return { fact, touches: services.length, settles: settled(prepared, fact, services, known, on) };
  });
  scored.sort((a, b) => b.settles - a.settles || b.touches - a.touches || (a.fact < b.fact ? -1 : 1));
  if (!scored.length) return null;
  const [{ fact, settles }] = scored;
  const { question, help = null, type, unit = null, minimum = null, maximum = null, values, sensitive } = prepared.facts.get(fact);
  return { fact, question, help, type, unit, minimum, maximum, values, sensitive, settles };
}

// ---- What others call

/** A whole bundle, ready to be asked about many people. @param {any} bundle @returns {Prepared} */
export function prepare(bundle) {
  if (bundle.base !== null) throw new TypeError("/base: Apply a delta to the bundle of its base first.");
  const facts = new Map(Object.entries(bundle.facts));
  const nothing = Object.fromEntries([...facts].map(([slug, fact]) => [slug, unknown(fact)]));
  const rules = Object.keys(bundle.rules).sort().map((slug) => ruleOf(slug, bundle.rules[slug], facts, nothing));
  rules.sort((a, b) => STRENGTHS.indexOf(a.strength) - STRENGTHS.indexOf(b.strength));
  const services = Object.entries(bundle.services).map(([slug, offer]) => {
    const mine = rules.filter(({ service }) => service === slug);
    return { slug, offer, rules: mine, clauses: byFact(mine.flatMap(({ whole }) => leaves(whole))) };
  });
  const premises = new Map();
  for (const [slug, { derivation }] of facts) {
    const { from, in: values } = derivation?.implies ?? {};
    if (facts.has(from)) premises.set(slug, compiled({ fact: from, in: values }, facts));
  }
  return { facts, premises, nothing, services };
}

/** Who gets what by which rule, what is missing, and what to ask next. Throws `InvalidFacts`.
 * @param {Prepared} prepared @param {Asked} asked */
export function assess(prepared, asked) {
  const known = understood(prepared, asked);
  const open = /** @type {Map<Service, string[]>} */ (new Map());
  /** @type {Record<string, number>} */
  const summary = { eligible: 0, not_eligible: 0, undetermined: 0 };
  const outcomes = prepared.services.map((service) => {
    const { outcome, rule } = decide(service, known);
    summary[outcome] += 1;
    if (outcome === "undetermined") open.set(service, missing(service, known));
    const by = rule && { slug: rule.slug, version: rule.version };
    const answer = { outcome, strength: rule && rule.strength, rule: by, missing: open.get(service) ?? [] };
    return { service: service.slug, ...service.offer, ...answer };
  });
  return { summary, outcomes, next_question: nextQuestion(prepared, known, open, asked) };
}

/** Rule by rule: true, false, or null for unknown. @param {Prepared} prepared @param {Asked} asked @returns {Record<string, Truth>} */
export function holds(prepared, asked) {
  const known = understood(prepared, asked);
  const rules = prepared.services.flatMap((service) => service.rules);
  return Object.fromEntries(rules.map((rule) => [rule.slug, rule.test(known)]));
}

/** The bundle that a delta turns this one into; check its digest afterwards. @param {any} bundle @param {any} delta */
export function applyDelta(bundle, delta) {
  if (delta.base !== bundle.release) throw new TypeError("/base: The delta is for the bundle of another release.");
  const whole = { ...delta, base: null, removed: { facts: [], services: [], rules: [] } };
  for (const part of ["facts", "services", "rules"]) {
    const kept = Object.entries(bundle[part]).filter(([slug]) => !delta.removed[part].includes(slug));
    // Where all of them are sent, they are in their new order.
    const all = kept.every(([slug]) => slug in delta[part]);
    whole[part] = all ? delta[part] : { ...Object.fromEntries(kept), ...delta[part] };
  }
  return whole;
}

/** What a bundle's `digest` should say; needs https, or localhost. @param {any} bundle @returns {Promise<string>} */
export async function digest({ facts, services, rules }) {
  const bytes = new TextEncoder().encode(canonical({ facts, services, rules }));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return "sha256:" + [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** JSON with sorted keys and no spaces. @param {any} value @returns {string} */
function canonical(value) {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}
