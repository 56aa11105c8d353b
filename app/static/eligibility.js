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
/** @type {Record<string, Span>} how far from the value that is written the wanted ones begin and end */
const OPERATORS = {
  is: [0, 0], in: [0, 0], within: [0, 0],
  at_least: [0, Infinity], more_than: [1, Infinity], at_most: [-Infinity, 0], less_than: [-Infinity, -1],
};
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
const isoDay = (/** @type {number} */ day) => new Date((day - EPOCH) * DAY).toISOString().slice(0, 10);
/** Who was born on a leap day grows older on 1 March elsewhere. @param {string} born @param {string} on */
const completedYears = (born, on) => +on.slice(0, 4) - +born.slice(0, 4) - (on.slice(5) < born.slice(5) ? 1 : 0);
const covers = (/** @type {Span} */ a, /** @type {Span} */ b) => a[0] <= b[0] && b[0] <= b[1] && b[1] <= a[1];
const exact = (/** @type {Known} */ { spans }) => spans.length === 1 && spans[0][0] === spans[0][1];
const ranged = (/** @type {Known} */ { type }) => type === "integer" || type === "date";
/** @template T @param {Map<string, T[]>} map @param {string} key @param {T} value */
const add = (map, key, value) => map.get(key)?.push(value) ?? map.set(key, [value]);

// ---- What is known, and what follows from it
/** @param {unknown} text @returns {number} */
function dayOf(text) {
  if (typeof text !== "string" || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return NaN;
  const day = Date.parse(text + "T00:00:00Z") / DAY + EPOCH;
  return day >= 1 && isoDay(day) === text ? day : NaN;
}
/** The numbers for a value: for a region, all codes in it. @param {any} fact @param {any} value @returns {Span} */
function spanOf({ type, values = [] }, value) {
  if (type === "region") {
    const code = typeof value === "string" && /^[1-9][0-9]{5}$/.test(value) ? Number(value) : NaN;
    return [code, code + (code % 10_000 === 0 ? 9999 : code % 100 === 0 ? 99 : 0)];
  }
  const choices = type === "boolean" ? [false, true] : values.map((/** @type {any} */ one) => one.value);
  const number = type === "integer" ? value : type === "date" ? dayOf(value) : choices.indexOf(value);
  return Number.isInteger(number) ? [number, number] : [NaN, NaN];
}
/** @param {any} fact @returns {Known} */
function unknown({ type, minimum = 0, maximum = 0, values = [] }) {
  const choices = type === "boolean" ? [0, 1] : [...values.keys()];
  /** @type {Record<string, Span[]>} */
  const ranges = { integer: [[minimum, maximum]], date: [[1, LAST_DAY]], region: [[0, 999_999]] };
  return { type, spans: ranges[type] ?? choices.map((place) => [place, place]), given: false };
}

/** What one value, band or set says; null if that cannot be. @param {any} fact @param {Known} all @param {any} raw */
function parsed(fact, all, raw) {
  let spans = [spanOf(fact, raw)];
  if (typeof raw === "object") {
    const { min = null, max = null, any_of = [] } = raw;
    const [low, high] = [min, max].map((end, i) => (end === null ? all.spans[0][i] : spanOf(fact, end)[0]));
    const only = (/** @type {string[]} */ ...allowed) => Object.keys(raw).every((key) => allowed.includes(key));
    const band = ranged(all) && only("min", "max") && (min ?? max) !== null;
    const set = !ranged(all) && all.type !== "region" && only("any_of") && Array.isArray(any_of);
    spans = band ? [[low, high]] : set ? [...new Set(any_of)].map((one) => spanOf(fact, one)) : [];
    if (set && any_of.length > 2 * all.spans.length) return null;
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

/** Adds what follows until nothing more does; returns what contradicts.
 * @param {Prepared} prepared @param {Knowledge} known @param {string} on */
function derive({ facts, premises }, known, on) {
  const faults = new Map();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [slug, fact] of facts) {
      const { implies, value, from = implies?.from } = fact.derivation ?? {};
      const premise = premises.get(slug);
      if (!known[from] || faults.has(slug) || (premise && !premise.test(known))) continue;
      const [mine, [[low, high]]] = [known[slug], known[from].spans];
      const follows = premise ? spanOf(fact, value) : [high, low].map((day) => completedYears(isoDay(day), on));
      const both = mine.spans.map(([a, b]) => [Math.max(a, follows[0]), Math.min(b, follows[1])]);
      const spans = /** @type {Span[]} */ (both.filter(([a, b]) => a <= b));
      const message = `On this day, ${from} leaves no such value of ${slug}.`;
      if (!spans.length) faults.set(slug, { pointer: placeOf(mine.given ? slug : from), message });
      else if (String(spans) !== String(mine.spans)) [known[slug], changed] = [{ ...mine, spans }, true];
    }
  }
  return [...faults.values()];
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
/** One part that says `enough` settles it. @type {(parts: Node[], enough: boolean) => Test} */
const joined = (parts, enough) => (known) => {
  let open = false;
  for (const part of parts) {
    const value = part.test(known);
    if (value === enough) return enough;
    open ||= value === null;
  }
  return open ? null : !enough;
};
/** @param {any} raw @param {Map<string, any>} facts @param {boolean} plain not inside a `not` @returns {Node} */
function compiled(raw, facts, plain = true) {
  if (raw.not) return not(compiled(raw.not, facts, !plain));
  const parts = (raw.all ?? raw.any ?? []).map((/** @type {any} */ part) => compiled(part, facts, plain));
  if (raw.all || raw.any) return raw.all ? every(parts) : some(parts);
  const op = Object.keys(OPERATORS).find((name) => raw[name] !== undefined);
  if (!op) return UNDEFINED;
  const [from, to] = OPERATORS[op];
  const spans = [raw[op]].flat().map((value) => spanOf(facts.get(raw.fact), value));
  return clause(raw.fact, op, spans.map(([low, high]) => [low + from, high + to]), plain);
}
/** @param {string} fact @param {string} op @param {Span[]} named @param {boolean} plain @returns {Node} */
function clause(fact, op, named, plain) {
  // Regions may lie in one another, and merged lists name a value twice: every number is to count once.
  const wanted = named.filter((one, i) => {
    return !named.some((other, j) => covers(other, one) && (j < i || !covers(one, other)));
  });
  return { ...UNDEFINED, test: (known) => verdict(known[fact].spans, wanted), fact, op, named, plain };
}
/** Whether all that is left is wanted, or none of it. @param {Span[]} left @param {Span[]} wanted @returns {Truth} */
function verdict(left, wanted) {
  let [met, all] = [0, 0];
  for (const one of left) {
    all += one[1] - one[0] + 1;
    for (const span of wanted) met += Math.max(0, Math.min(one[1], span[1]) - Math.max(one[0], span[0]) + 1);
  }
  return met === all ? true : met > 0 ? null : false;
}
/** @type {(root: Node, inside?: "parts" | "merged") => Node[]} */
const leaves = (root, inside = "parts") =>
  root[inside].length ? root[inside].flatMap((part) => leaves(part, inside)) : [root];
/** @param {Node[]} found @returns {Clauses} */
function byFact(found) {
  const clauses = new Map();
  for (const leaf of found) if (leaf.fact) add(clauses, leaf.fact, leaf);
  return clauses;
}
/** The unknown leaves that nothing around them absorbs. @type {(root: Node, known: Knowledge) => Node[]} */
const undecided = (root, known) => {
  const open = root.test(known) === null;
  return open && root.parts.length ? root.parts.flatMap((part) => undecided(part, known)) : open ? [root] : [];
};

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

/** What is said of every completion, and the facts on which alone it turns; null if there are more than `most`.
 * @template T @param {Clauses} clauses @param {Knowledge} known @param {number} most @param {(one: Knowledge) => T} say */
function tried(clauses, known, most, say) {
  let size = 1;
  const axes = [...clauses].map(([fact, asked]) => ({ fact, cells: classes(known[fact], asked), stride: 0 }));
  for (const axis of axes) [axis.stride, size] = [size, size * axis.cells.length];
  if (size > most) return null;
  const trial = Object.create(known);
  const codes = Array.from({ length: size }, (_, index) => {
    for (const { fact, cells, stride } of axes) trial[fact] = cells[Math.floor(index / stride) % cells.length];
    return say(trial);
  });
  const turning = axes.filter(({ cells, stride }) => {
    return codes.some((one, index) => (index / stride) % cells.length >= 1 && one !== codes[index - stride]);
  });
  return { codes, facts: turning.map(({ fact }) => fact).sort() };
}

/** A condition's exact truth, if few trials find it. @param {Node} root @param {Knowledge} nothing @returns {Test} */
function exactly(root, nothing) {
  const tangled = new Map([...byFact(leaves(root, "merged"))].filter(([fact, asked]) => {
    // Where one class is the best for all clauses, and another the worst, part by part is exact already.
    const cells = classes(nothing[fact], asked);
    const wanted = asked.map(({ test, plain }) => cells.filter((one) => test({ [fact]: one }) === plain));
    wanted.sort((a, b) => a.length - b.length);
    return wanted.some((outer, i) => i > 0 && !wanted[i - 1].every((one) => outer.includes(one)));
  }));
  return (known) => {
    const value = root.test(known);
    if (value !== null || [...tangled.keys()].every((fact) => exact(known[fact]))) return value;
    const found = new Set(tried(tangled, known, MOST_TRIALS, root.test)?.codes);
    return found.size === 1 ? [...found][0] : null;
  };
}

/** @param {string} slug @param {any} rule @param {Map<string, any>} facts @param {Knowledge} nothing @returns {Rule} */
function ruleOf(slug, { service, version, strength, open_ended, condition, other_readings }, facts, nothing) {
  const roots = [{ condition }, ...other_readings].map((reading) => compiled(reading.condition, facts));
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
 * @param {Prepared} prepared @param {Knowledge} known @param {string} fact @param {string[]} seen @returns {string[]} */
function waysTo(prepared, known, fact, seen = []) {
  const premise = prepared.premises.get(fact);
  if (!premise || seen.includes(premise.fact) || premise.test(known) !== null) return [fact];
  return [fact, ...waysTo(prepared, known, premise.fact, [...seen, fact])];
}

/** How many of the services that it touches an answer settles on average, to hundredths.
 * @param {Prepared} prepared @param {string} fact @param {Service[]} touched @param {Knowledge} known @param {string} on */
function settled(prepared, fact, touched, known, on) {
  const premises = [...prepared.premises.values()].filter((premise) => premise.fact === fact);
  const asked = touched.flatMap((service) => service.clauses.get(fact) ?? []);
  const counts = classes(known[fact], [...asked, ...premises]).flatMap((answer) => {
    const trial = Object.assign(Object.create(known), { [fact]: answer });
    if (premises.length && derive(prepared, trial, on).length) return [];
    return touched.filter((service) => decide(service, trial).outcome !== "undetermined").length;
  });
  const mean = counts.length ? counts.reduce((sum, count) => sum + count) / counts.length : 0;
  // Only odd eighths lie halfway between two hundredths; they go to the even one.
  return (mean * 8) % 2 === 1 ? (2 * Math.round(mean * 50)) / 100 : Number(mean.toFixed(2));
}

/** @param {Prepared} prepared @param {Knowledge} known @param {Map<Service, string[]>} open @param {Asked} asked */
function nextQuestion(prepared, known, open, { declined = [], on }) {
  const found = /** @type {Map<string, Service[]>} */ (new Map());
  for (const [service, lacking] of open) {
    for (const fact of new Set(lacking.flatMap((one) => waysTo(prepared, known, one)))) {
      if (![...declined].includes(fact) && !known[fact].given && !exact(known[fact])) add(found, fact, service);
    }
  }
  const scored = [...found].map(([fact, open]) => ({ fact, open, settles: settled(prepared, fact, open, known, on) }));
  scored.sort((a, b) => b.settles - a.settles || b.open.length - a.open.length || (a.fact < b.fact ? -1 : 1));
  if (!scored.length) return null;
  const [{ fact, settles }] = scored;
  const { question, help = null, type, unit = null, values, sensitive, ...range } = prepared.facts.get(fact);
  const { minimum = null, maximum = null } = range;
  return { fact, question, help, type, unit, minimum, maximum, values, sensitive, settles };
}

/** A whole bundle, ready to be asked about many people. @param {any} bundle @returns {Prepared} */
export function prepare(bundle) {
  if (bundle.base !== null) throw new TypeError("/base: Apply a delta to the bundle of its base first.");
  const facts = new Map(Object.entries(bundle.facts));
  const nothing = Object.fromEntries([...facts].map(([slug, fact]) => [slug, unknown(fact)]));
  const premises = new Map();
  for (const [slug, { derivation }] of facts) {
    const { from, in: values } = derivation?.implies ?? {};
    if (facts.has(from)) premises.set(slug, compiled({ fact: from, in: values }, facts));
  }
  const rules = Object.keys(bundle.rules).sort().map((slug) => ruleOf(slug, bundle.rules[slug], facts, nothing));
  rules.sort((a, b) => STRENGTHS.indexOf(a.strength) - STRENGTHS.indexOf(b.strength));
  const services = Object.entries(bundle.services).map(([slug, offer]) => {
    const own = rules.filter(({ service }) => service === slug);
    return { slug, offer, rules: own, clauses: byFact(own.flatMap(({ whole }) => leaves(whole))) };
  });
  return { facts, premises, nothing, services };
}

/** Who gets what by which rule, what is missing, and what to ask next; throws `InvalidFacts`.
 * @param {Prepared} prepared @param {Asked} asked */
export function assess(prepared, asked) {
  const known = understood(prepared, asked);
  const open = /** @type {Map<Service, string[]>} */ (new Map());
  const summary = /** @type {Record<string, number>} */ ({ eligible: 0, not_eligible: 0, undetermined: 0 });
  const outcomes = prepared.services.map((service) => {
    const { outcome, rule } = decide(service, known);
    summary[outcome] += 1;
    if (outcome === "undetermined") open.set(service, missing(service, known));
    const by = { strength: rule && rule.strength, rule: rule && { slug: rule.slug, version: rule.version } };
    return { service: service.slug, ...service.offer, outcome, ...by, missing: open.get(service) ?? [] };
  });
  return { summary, outcomes, next_question: nextQuestion(prepared, known, open, asked) };
}

/** Rule by rule: true, false or null; throws `InvalidFacts`. @param {Prepared} prepared @param {Asked} asked */
export function holds(prepared, asked) {
  const known = understood(prepared, asked);
  const rules = prepared.services.flatMap((service) => service.rules);
  return Object.fromEntries(rules.map(({ slug, test }) => [slug, test(known)]));
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
  const members = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join()}}`;
}
