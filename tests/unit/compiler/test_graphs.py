"""Components and cycles of small graphs."""

from __future__ import annotations

from movelite.compiler.typing.graphs import components, cycles, reachable_circles, shortest_path


def test_dependencies_come_before_what_depends_on_them() -> None:
    graph = {"app": ["coin", "std"], "coin": ["std"], "std": []}
    assert components(graph) == [["std"], ["coin"], ["app"]]


def test_cycles_are_groups_and_self_loops() -> None:
    graph = {"a": ["b"], "b": ["a"], "c": ["c"], "d": ["a"]}
    assert [sorted(cycle) for cycle in cycles(graph)] == [["a", "b"], ["c"]]


def test_a_long_chain_needs_no_recursion() -> None:
    graph = {n: [n + 1] for n in range(50_000)}
    graph[50_000] = []
    assert len(components(graph)) == 50_001


def test_shortest_path_back_to_the_start() -> None:
    graph = {1: [2, 3], 2: [4], 3: [1], 4: [1]}
    assert shortest_path(graph, 1, 1) == [1, 3, 1]
    assert shortest_path(graph, 4, 9) == []


def test_circles_are_listed_as_officially() -> None:
    users = {"C1": ["C0", "C3", "C5"], "C0": ["C10", "C2"], "C2": ["C1"], "C10": [], "C3": [], "C5": []}
    assert reachable_circles(users) == [["C1", "C0", "C2"]]
    assert reachable_circles({"a": ["a"], "b": []}) == [["a"]]
