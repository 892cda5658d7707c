"""Errors as people and programs read them."""

from tinyflow.errors import DeviceError, ModelError, ProjectError, ToolError, near_miss


def test_the_text_has_fact_detail_and_at_most_three_hints() -> None:
    error = ModelError("x needs 10 B, y gives 5 B", ["busiest at node 4"], ["a", "b", "c", "d"])
    assert str(error).splitlines() == [
        "x needs 10 B, y gives 5 B",
        "  busiest at node 4",
        "  hint: a",
        "  hint: b",
        "  hint: c",
    ]


def test_exit_statuses_say_what_to_fix() -> None:
    kinds = (ProjectError, ModelError, ToolError, DeviceError)
    assert [kind("x").exit_code for kind in kinds] == [2, 3, 4, 5]


def test_json() -> None:
    assert DeviceError("no port", ["looked at 0"], ["plug it in"]).as_json() == {
        "error": "device",
        "exit_code": 5,
        "what": "no port",
        "detail": ["looked at 0"],
        "hints": ["plug it in"],
    }


def test_near_miss_is_near() -> None:
    assert near_miss("qemu-m5", ["qemu-m4", "native"]) == "qemu-m4"
    assert near_miss("zzz", ["qemu-m4", "native"]) is None
