"""Configuration files and --set: what is read, and every refusal."""

import json

import pytest
import yaml

from hwgen.archs.n3h.spec import N3hSpec
from hwgen.emit.config import config_schema, config_yaml, read_config, read_settings
from hwgen.errors import UsageError


def test_the_resolved_file_reads_back(tmp_path):
    for name in N3hSpec.PRESETS:
        spec = N3hSpec.preset(name)
        (tmp_path / "config.yaml").write_text(config_yaml(spec))
        assert N3hSpec.from_data(read_config(tmp_path / "config.yaml")) == spec


def test_the_schema_knows_every_key_and_value():
    schema = json.loads(config_schema(N3hSpec()))
    resolved = yaml.safe_load(config_yaml(N3hSpec()))
    assert set(schema["properties"]) == set(resolved)
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["LutCore"]["properties"]["dk"]["enum"] == [64, 128, 256, 512]


def test_settings_nest_and_the_last_one_counts():
    data = read_settings(["axi.burst=16", "axi.data_w=128", "axi.burst=64", "part=xc7z020"])
    assert data == {"axi": {"burst": 64, "data_w": 128}, "part": "xc7z020"}


@pytest.mark.parametrize(
    "setting", ["axi.burst", "=3", "axi..burst=3", "axi.burst=", "a=[1", ".=1"]
)
def test_a_setting_that_is_none(setting):
    with pytest.raises(UsageError) as caught:
        read_settings([setting, "also wrong"])
    assert [p.what for p in caught.value.problems] == [
        f"--set {setting} is not usable",
        "--set also wrong is not usable",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", ":2 is not usable YAML: key 'a' twice"),
        ("lut_core: {dk: 64\n", "is not usable YAML"),
        ("1: 2\n", ":1 is not usable YAML: key 1 is no name"),
        ("- a\n", "holds no settings"),
        ("!!python/object:os.system x\n", "is not usable YAML"),
    ],
)
def test_files_that_are_no_configuration(tmp_path, text, message):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path / "c.yaml")
    assert message in caught.value.problems[0].what


def test_an_empty_file_sets_nothing_and_a_missing_one_is_named(tmp_path):
    (tmp_path / "c.yaml").write_text("# nothing\n")
    assert read_config(tmp_path / "c.yaml") == {}
    with pytest.raises(UsageError, match=r"no\.yaml cannot be read: No such file"):
        read_config(tmp_path / "no.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not usable YAML: it is not text"):
        read_config(tmp_path / "binary")
