"""YAML as people's files are read: each value is a text, and each key of a table stands once."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml
from yaml.error import MarkedYAMLError

Yaml: TypeAlias = str | Sequence["Yaml"] | Mapping[str, "Yaml"] | None


NULL, MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"


class _Texts(yaml.SafeLoader):
    """Takes `yes`, `0123` and `1:30` as they are written, where YAML 1.1 makes true, 83 and 90 of them."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - so its base has it
        first: [(tag, pattern) for tag, pattern in known if tag in {NULL, MERGE}]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_mapping_node(self, anchor: str | None) -> yaml.MappingNode:  # type: ignore[override]  # no dict comes
        node = super().compose_mapping_node(anchor)  # type: ignore[arg-type]
        seen = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
                seen.add(key.value)
        return node


def read_yaml(text: str, where: str) -> Yaml:
    """What the text writes down. Raises ValueError with a sentence that begins with `where`."""
    try:
        given: Yaml = yaml.load(text, _Texts)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{where}{line}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(f"{where} is no YAML: {' '.join(str(error).split())}") from None
    return given
