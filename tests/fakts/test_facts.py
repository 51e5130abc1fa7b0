import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkitekt_di.errors import ConfigurationError
from arkitekt_di.fakts.facts import ConfiguredFacts, Facts, StaticFacts
from arkitekt_di.messages.fakts import ActiveFakts, Alias, Instance, SelfFakts
from arkitekt_di.settings.models import FaktsSettings
from arkitekt_di.testing.fakts import configuration

YAML = """
self: {deployment_name: Lab}
instances:
  mikro:
    service: live.arkitekt.mikro
    identifier: mikro
    aliases:
      - {id: a, host: hub.example, port: 443, ssl: true, path: null, challenge: ht}
"""


def read(**members) -> ActiveFakts | None:
    facts: Facts = ConfiguredFacts(FaktsSettings(**members))
    return facts.read()


def test_without_a_configuration_there_is_none():
    assert read() is None


def test_a_fixed_configuration_is_itself():
    assert StaticFacts(configuration()).read() == configuration()


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
aliases = st.builds(
    Alias,
    id=names,
    host=names,
    port=st.none() | st.integers(1, 65535),
    ssl=st.booleans(),
    path=st.none() | names,
    challenge=names,
    public=st.none() | st.booleans(),
)
instances = st.builds(Instance, service=names, identifier=names, aliases=st.lists(aliases, max_size=3).map(tuple))
configurations = st.builds(
    ActiveFakts,
    self=st.builds(SelfFakts, deployment_name=names),
    instances=st.dictionaries(names, instances, max_size=3),
    statuses=st.dictionaries(names, names, max_size=3),
)


@given(written=configurations)
def test_what_a_hub_wrote_is_read_back(written):
    assert read(facts=written.model_dump_json()) == written


@pytest.mark.parametrize("name", ["facts.yaml", "facts.json"])
def test_a_file_is_yaml_or_json(tmp_path, name):
    file = tmp_path / name
    file.write_text(YAML if name.endswith("yaml") else configuration().model_dump_json())

    found = read(facts_file=file)

    assert found is not None
    assert found.instances["mikro"].service == "live.arkitekt.mikro"
    if name.endswith("yaml"):
        assert found.instances["mikro"].aliases[0].url("graphql") == "https://hub.example:443/graphql"
    else:
        assert found == configuration()


def test_the_text_goes_before_the_file(tmp_path):
    assert read(facts=configuration().model_dump_json(), facts_file=tmp_path / "not there") == configuration()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{",
        "{}",
        json.dumps({"self": {}}),
        "a: &x b",
        "self: {deployment_name: x}\ninstances: []",
        "\x00",
    ],
)
def test_what_is_no_configuration_is_a_fault_of_the_settings(tmp_path, text):
    file = tmp_path / "facts.yaml"
    file.write_text(text)

    with pytest.raises(ConfigurationError):
        read(facts=text)
    with pytest.raises(ConfigurationError, match=r"facts\.yaml"):
        read(facts_file=file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="not there"):
        read(facts_file=tmp_path / "not there")


def test_the_error_names_the_member_and_not_its_content():
    with pytest.raises(ConfigurationError, match=r"instances\.mikro\.aliases") as caught:
        read(facts='{"self": {"deployment_name": "x"}, "instances": {"mikro": {"aliases": "canary"}}}')

    assert "canary" not in str(caught.value)
