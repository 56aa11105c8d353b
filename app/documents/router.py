"""Documents over HTTP: what to change and send back, see `POST /v1/releases` and `POST /v1/proposals`."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import ConfigDict, RootModel

from app.catalogue import KINDS
from app.changes.models import KindName
from app.errors import Gone, NotFound
from app.problems import responses
from app.queries import ReadQuery
from app.reading import Reader, SlugInPath
from app.versioning import in_force

router = APIRouter(prefix="/v1/documents", tags=["releases"])


class Document(RootModel[dict[str, Any]]):
    """What people write about one resource, with its kind: the fields differ from kind to kind."""

    model_config = ConfigDict(title="原始文档")


@router.get(
    "/{kind}/{slug}",
    operation_id="getDocument",
    summary="Get a resource as it was written (原始文档)",
    responses=responses(NotFound, Gone),
)
def get_document(
    kind: Annotated[KindName, Path(title="类别", description="The kind of the resource")],
    slug: SlugInPath,
    query: Annotated[ReadQuery, Query()],
    reading: Reader,
) -> Document:
    """The version in force as a document to edit and publish: only what people write, with its `kind`."""
    at = reading.at(query)
    content, row = KINDS[kind]
    found = in_force(reading.session, row, slug, at)
    written = content.model_validate({field: getattr(found, field) for field in content.model_fields})
    reading.link_versions(kind, slug)
    return Document({"kind": kind, **written.model_dump(mode="json", exclude={"change_note"})})
