"""JSON Schema of the settings, for editors that complete and check YAML."""

from typing import Any

from pydantic import BaseModel

from arkitekt_di.settings.documentation import descriptions, summary
from arkitekt_di.settings.fields import section_in

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect that pydantic writes."""


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a settings file; the descriptions are those of the docstrings."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    described = {name: _described(section, definitions[name]) for name, section in _sections(model).items()}
    return {"$schema": DIALECT, **_described(model, schema), "$defs": {**definitions, **described}}


def _described(model: type[BaseModel], schema: dict[str, Any]) -> dict[str, Any]:
    properties = dict(schema["properties"])
    for name, description in descriptions(model).items():
        properties[name] = {**properties[name], "description": description.text}
    for name, section in _sections_below(model).items():
        if "$ref" in properties[name]:
            # A section whose keys are all commented out is null, and sets nothing.
            allowed = [{"$ref": properties[name]["$ref"]}, {"type": "null"}]
            properties[name] = {"description": summary(section), "anyOf": allowed}
    return {**schema, "description": summary(model), "properties": properties}


def _sections(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    sections: dict[str, type[BaseModel]] = {}
    for section in _sections_below(model).values():
        sections |= {section.__name__: section, **_sections(section)}
    return sections


def _sections_below(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    sections = ((name, section_in(field.annotation)) for name, field in model.model_fields.items())
    return {name: section for name, section in sections if section is not None}
