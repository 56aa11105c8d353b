"""The one list of what the catalogue holds, in the order in which things refer to each other."""

from typing import NamedTuple

from app.concepts.models import ConceptContent, ConceptVersion
from app.discrepancies.models import DiscrepancyContent, DiscrepancyVersion
from app.domains.models import DomainContent, DomainVersion
from app.facts.models import FactContent, FactVersion
from app.indicators.models import IndicatorContent, IndicatorVersion
from app.plans.models import PlanContent, PlanVersion
from app.programmes.models import ProgrammeContent, ProgrammeVersion
from app.regions.models import RegionContent, RegionVersion
from app.rules.models import RuleContent, RuleVersion
from app.services.models import ServiceContent, ServiceVersion
from app.standards.models import StandardContent, StandardVersion
from app.versioning import Content, Row


class Kind(NamedTuple):
    """What people write about a resource of the kind, and the table of its versions."""

    content: type[Content]
    row: type[Row]


KINDS: dict[str, Kind] = {
    "regions": Kind(RegionContent, RegionVersion),
    "plans": Kind(PlanContent, PlanVersion),
    "domains": Kind(DomainContent, DomainVersion),
    "concepts": Kind(ConceptContent, ConceptVersion),
    "services": Kind(ServiceContent, ServiceVersion),
    "facts": Kind(FactContent, FactVersion),
    "rules": Kind(RuleContent, RuleVersion),
    "standards": Kind(StandardContent, StandardVersion),
    "indicators": Kind(IndicatorContent, IndicatorVersion),
    "programmes": Kind(ProgrammeContent, ProgrammeVersion),
    "discrepancies": Kind(DiscrepancyContent, DiscrepancyVersion),
}
