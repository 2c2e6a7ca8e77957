"""A flow's graph under Metaflow's names: `self._graph` and `current.graph`."""

import inspect
import os

from ..launch import launch
from . import graph
from .steps import of_flow, start_and_end, step_functions


class Node:
    """A step and its position in the graph."""

    def __init__(self, source, decorators, first):
        function = source.function
        self.name = source.name
        self.doc = inspect.cleandoc(function.__doc__) if function.__doc__ else ""
        self.decorators = decorators
        self.wrappers, self.config_decorators = function.wrappers, function.config_decorators
        self.node_info = function.node_info
        self.source_file, self.func_lineno, self.tail_next_lineno = source.file, source.line, source.departure
        self.num_args = 2 if source.is_join else 1
        self.parallel_step = any(hasattr(each, "framework") for each in decorators)
        self.out_funcs = source.targets
        self.condition, self.switch_cases = source.condition, source.cases
        self.foreach_param, self.num_parallel, self.parallel_foreach = None, 0, False
        self.has_tail_next, self.invalid_tail_next = bool(source.departure), bool(source.problems)
        self.is_start_step, self.is_end_step = self.name == first, self.name == source.last
        self.type = self._type(source)
        self.in_funcs, self.split_parents, self.split_branches = [], [], []
        self.matching_join = None
        self.is_inside_foreach = False

    def _type(self, source):
        (kind, _), = source.edges[0].items() if source.edges else [("end", None)]
        if source.condition:
            return "split-switch"
        if kind == "foreach":
            self.foreach_param = source.foreach
            return "foreach"
        if kind == "nodes":
            self.num_parallel, self.parallel_foreach = source.nodes, True
            return "foreach"
        if kind == "branches":
            return "split"
        if kind == "end" or source.is_join:
            return "end" if kind == "end" else "join"
        return "start" if self.is_start_step else "linear"

    def __str__(self):
        return f"[{self.name} {self.type} ({os.path.basename(self.source_file)} line {self.func_lineno})] -> " + (
            ", ".join(self.out_funcs) or "nothing")

    @property
    def kind(self):
        """The type as `current.graph` has it."""
        if self.type == "foreach":
            return "split-parallel" if self.parallel_foreach else "split-foreach"
        return "split-static" if self.type == "split" else self.type

    def description(self):
        """Returns the value of `current.graph`."""
        entry = {
            "name": self.name, "type": self.kind, "line": self.func_lineno, "source_file": self.source_file,
            "doc": self.doc, "next": self.out_funcs,
            "node_info": self.node_info,
            "decorators": [_described(each) for each in dict.fromkeys([*self.decorators, *self.wrappers, *self.config_decorators])],
        }
        if self.kind == "split-foreach":
            entry["foreach_artifact"] = self.foreach_param
        elif self.kind == "split-parallel":
            entry["num_parallel"] = self.num_parallel
        elif self.kind == "split-switch":
            entry["condition"], entry["switch_cases"] = self.condition, self.switch_cases
        if self.matching_join:
            entry["matching_join"] = self.matching_join
        return entry


class Graph:
    """The steps of a flow by name. Iterating over it gives the nodes."""

    def __init__(self, flow):
        sources = graph.read(flow)
        self.name = flow.__name__
        self.doc = inspect.cleandoc(flow.__doc__) if flow.__doc__ else ""
        self.start_step, self.end_step = start_and_end(step_functions(flow))
        self.nodes = {
            source.name: Node(source, source.function.decorators, self.start_step)
            for source in sorted(sources, key=lambda each: each.name)}
        self.sorted_nodes = []
        self._seen, self._path = set(), set()
        self._place(self.start_step, [], [])
        self.sorted_nodes.reverse()
        for node in self.nodes.values():
            node.in_funcs.sort()
            node.is_inside_foreach = any(
                self[each].type == "foreach" and self[each].matching_join != node.name for each in node.split_parents)

    def _place(self, name, parents, branches):
        """Places a node and all nodes after it, depth first. An edge to a node that is being placed is part of a loop.

        parents: the steps whose fan-outs are open here, outermost first. branches: for each of them, the step that it
        went on to.
        """
        node = self.nodes.get(name)
        if node is None or name in self._seen:
            return
        self._seen.add(name)
        self._path.add(name)
        node.split_parents, node.split_branches = parents, branches
        # A join may open the next fan-out.
        if node.num_args == 2 and parents:
            self[parents[-1]].matching_join = name
            node.split_branches = branches[:-1]
            parents, branches = parents[:-1], branches[:-1]
        opens = node.type in ("split", "foreach")
        for following in reversed(node.out_funcs):
            if following in self and following not in self._path and name not in self[following].in_funcs:
                self[following].in_funcs.append(name)
            self._place(following, parents + [name] * opens, branches + [following] * opens)
        self._path.discard(name)
        self.sorted_nodes.append(name)

    def __getitem__(self, name):
        return self.nodes[name]

    def __contains__(self, name):
        return name in self.nodes

    def __iter__(self):
        return iter(self.nodes.values())

    def __len__(self):
        return len(self.nodes)

    def __str__(self):
        return "\n".join(str(self[name]) for name in self.sorted_nodes)

    def output_steps(self):
        """Returns the nodes as plain values, and their nesting: a fan-out is followed by the list of its branches."""
        steps = {}

        def block(name, end, before):
            """Returns the steps from one up to another. before: the steps that lead here, to which a choice may go
            back.
            """
            names = []
            while name and name != end and name not in before:
                node, before = self[name], before | {name}
                steps[name] = node.description()
                names.append(name)
                if node.kind in ("split-static", "split-foreach"):
                    names.append([block(each, node.matching_join, before) for each in node.out_funcs])
                    name = node.matching_join
                elif node.kind == "split-switch":
                    names.append([block(each, end, before) for each in node.out_funcs if each not in before])
                    name = end
                else:
                    name = node.out_funcs[0] if node.out_funcs else None
            return names

        structure = block(self.start_step, self.end_step, frozenset())
        steps[self.end_step] = self[self.end_step].description()
        return steps, structure + [self.end_step]


def of(flow):
    """Returns the graph of a flow's class, which is read once."""
    if "_read_graph" not in vars(flow):
        flow._read_graph = Graph(flow)
    return flow._read_graph


def description(flow):
    """The value of `current.graph`."""
    from .constants import constants
    from .members import configs, parameters
    graph = of(flow)
    steps, structure = graph.output_steps()
    given = {**parameters(flow), **configs(flow)}
    return {
        "file": os.path.basename(launch.file or ""), "start_step": graph.start_step, "end_step": graph.end_step,
        "parameters": [{"name": name, "type": type(given[name]).__name__} for name in sorted(given)],
        "constants": [
            {"name": name, "type": type(value).__name__} for name, value in constants(flow).items() if name not in given],
        "steps": steps, "graph_structure": structure, "doc": graph.doc,
        "decorators": [_described(each) for each in [*of_flow(flow), *getattr(flow, "_mutators", ())]], "extensions": {},
    }


def _described(decorator):
    entry = decorator.manifest()
    return {
        "name": entry["name"], "attributes": entry["options"], "statically_defined": decorator.statically_defined,
        "inserted_by": decorator.inserted_by}
