"""How each kind is written out: what it looks like on the wire, and in which order a list goes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlmodel import col

from app.concepts import models as concepts
from app.discrepancies import models as discrepancies
from app.domains import models as domains
from app.facts import models as facts
from app.indicators import models as indicators
from app.paging import Order
from app.plans import models as plans
from app.programmes import models as programmes
from app.regions import models as regions
from app.resource import Resource
from app.rules import models as rules
from app.services import models as services
from app.standards import models as standards
from app.versioning import At


class Shown(NamedTuple):
    """A kind as its readers see it; `present` makes resources of rows."""

    resource: type[Resource]
    present: Callable[..., Sequence[Any]]
    order: Callable[[At], Order] = lambda _: ()


SHOWN: dict[str, Shown] = {
    "regions": Shown(regions.Region, regions.present),
    "plans": Shown(plans.Plan, plans.present),
    "domains": Shown(domains.Domain, domains.present, lambda _: domains.PRINTED_ORDER),
    "concepts": Shown(concepts.Concept, concepts.present),
    "services": Shown(services.Service, services.present, services.printed_order),
    "facts": Shown(facts.Fact, facts.present),
    "rules": Shown(rules.Rule, rules.present, lambda _: [col(rules.RuleVersion.service)]),
    "standards": Shown(standards.Standard, standards.present, lambda _: standards.IN_PLAN_ORDER),
    "indicators": Shown(indicators.Indicator, indicators.present, lambda _: indicators.IN_PLAN_ORDER),
    "programmes": Shown(programmes.Programme, programmes.present, lambda _: programmes.IN_PLAN_ORDER),
    "discrepancies": Shown(
        discrepancies.Discrepancy, discrepancies.present, lambda _: discrepancies.IN_PLAN_ORDER
    ),
}
