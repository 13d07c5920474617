"""What reference safety knows at a point of a function: which locals are references, and who borrows whom.

Nodes of the graph: a reference in local i is node i whenever a block starts or ends; the frame itself, owner
of all locals, is the node after the last local; new references get greater numbers.
Source: move-bytecode-verifier, reference_safety.
"""

from __future__ import annotations

from movelite.bytecode.borrow_graph import BorrowGraph, Label
from movelite.bytecode.status import StatusCode

VALUE = -1
"""Stands for anything that is not a reference, in locals and on the stack."""

_JOIN_BASE_COST = 10
_GRAPH_ITEM_COST = 4
_RELEASE_ITEM_COST = 3
_RELEASE_QUADRATIC_THRESHOLD = 5
_JOIN_ITEM_COST = 4
_JOIN_QUADRATIC_THRESHOLD = 10
_ADD_BORROW_COST = 3

_KIND_SHIFT = 64


def global_label(struct: int) -> Label:
    """The resource of a struct definition, in the frame. A local's label is its index."""
    return 1 << _KIND_SHIFT | struct


def field_label(handle: int) -> Label:
    """The field of a field handle."""
    return 2 << _KIND_SHIFT | handle


def variant_field_label(enum: int, tag: int, field: int) -> Label:
    """A field of a variant of an enum definition."""
    return 3 << _KIND_SHIFT | enum << 32 | tag << 16 | field


class Refused(Exception):
    """An instruction would use a reference unsafely."""

    def __init__(self, status: StatusCode) -> None:
        super().__init__(status)
        self.status = status


class ReferenceState:
    """A state that instructions change in place; `copy` first where it is shared.

    ticks counts what changing it has cost since the copy or join that made it.
    """

    __slots__ = ("_next", "frame", "graph", "locals", "ticks")

    def __init__(self, references: list[bool | None]) -> None:
        """The state on entry; by local: whether it holds a mutable or immutable reference, or neither."""
        self.ticks = 0
        self.frame = len(references)
        self.locals = [VALUE] * len(references)
        self.graph = BorrowGraph()
        for local, is_mutable in enumerate(references):
            if is_mutable is not None:
                self.locals[local] = local
                self.graph.add_node(local, is_mutable)
        self.graph.add_node(self.frame, True)
        self._next = self.frame + 1

    def copy(self) -> ReferenceState:
        """An independent copy."""
        return self._with(self.locals.copy(), self.graph.copy())

    def _with(self, locals_: list[int], graph: BorrowGraph) -> ReferenceState:
        state = ReferenceState.__new__(ReferenceState)
        state.ticks = 0
        state._next = self._next
        state.frame = self.frame
        state.locals = locals_
        state.graph = graph
        return state

    def canonical(self) -> ReferenceState:
        """The same with every reference named after the local it is in; the stack must be empty."""
        names = {node: local for local, node in enumerate(self.locals) if node != VALUE and node != local}
        state = self._with(self.locals, self.graph)
        if names:
            state.locals = [VALUE if node == VALUE else local for local, node in enumerate(self.locals)]
            state.graph = self.graph.rename(names)
        state._next = self.frame + 1
        return state

    def join(self, other: ReferenceState) -> tuple[ReferenceState, bool]:
        """What holds if this state or other does, both canonical, and whether this one says more.

        A local that is a reference in one state only is not usable in the joined one.
        """
        graph, other_graph = self.graph, other.graph
        sizes = graph.size, other_graph.size
        locals_ = self.locals
        released = 0
        if locals_ != other.locals:
            graph, other_graph = graph.copy(), other_graph.copy()
            locals_ = locals_.copy()
            for local, (node, other_node) in enumerate(zip(self.locals, other.locals, strict=True)):
                if node != other_node:
                    released += other_graph.release(other_node) if node == VALUE else graph.release(node)
                    locals_[local] = VALUE
        added = graph.unmatched_edges(other_graph)
        if added:
            graph = graph.copy()
            graph.add_edges(added)
        joined = self._with(locals_, graph)
        joined.ticks = _JOIN_BASE_COST + _join_cost(sizes[0] + sizes[1])
        joined.ticks += _GRAPH_ITEM_COST * max(*sizes, graph.size) + _release_cost(released)
        return joined, bool(added) or locals_ != self.locals

    def _charge_graph(self) -> None:
        self.ticks += _GRAPH_ITEM_COST * self.graph.size

    def _new_reference(self, is_mutable: bool) -> int:
        node = self._next
        self._next = node + 1
        self.graph.add_node(node, is_mutable)
        return node

    def _add_strong_borrow(self, parent: int, path: tuple[Label, ...], child: int) -> None:
        self.ticks += _ADD_BORROW_COST
        self.graph.add_strong_borrow(parent, path, child)

    def _add_weak_borrow(self, parent: int, path: tuple[Label, ...], child: int) -> None:
        self.ticks += _ADD_BORROW_COST
        self.graph.add_weak_borrow(parent, path, child)

    def _is_writable(self, node: int) -> bool:
        self._charge_graph()
        return not self.graph.is_borrowed(node)

    def _is_freezable(self, node: int) -> bool:
        self._charge_graph()
        return not self.graph.is_mutably_borrowed(node)

    def _is_readable(self, node: int) -> bool:
        return not self.graph.is_mutable(node) or self._is_freezable(node)

    def release(self, node: int) -> None:
        """Drop an operand, which may be VALUE."""
        if node != VALUE:
            self.ticks += _release_cost(self.graph.release(node))

    def copy_local(self, local: int) -> int:
        """Returns: the operand that CopyLoc pushes. Raises: Refused, as all that follow."""
        node = self.locals[local]
        if node == VALUE:
            self._charge_graph()
            if self.graph.is_mutably_borrowed_at(self.frame, local):
                raise Refused(StatusCode.COPYLOC_EXISTS_BORROW_ERROR)
            return VALUE
        copied = self._new_reference(self.graph.is_mutable(node))
        self._add_strong_borrow(node, (), copied)
        return copied

    def move_local(self, local: int) -> int:
        """Returns: the operand that MoveLoc pushes."""
        node = self.locals[local]
        self.locals[local] = VALUE
        if node == VALUE:
            self._charge_graph()
            if self.graph.is_borrowed_at(self.frame, local):
                raise Refused(StatusCode.MOVELOC_EXISTS_BORROW_ERROR)
        return node

    def store_local(self, local: int, operand: int) -> None:
        """StLoc: the old value goes away."""
        node = self.locals[local]
        self.locals[local] = operand
        if node != VALUE:
            self.release(node)
            return
        self._charge_graph()
        if self.graph.is_borrowed_at(self.frame, local):
            raise Refused(StatusCode.STLOC_UNSAFE_TO_DESTROY_ERROR)

    def freeze(self, node: int) -> int:
        """Returns: the immutable reference that takes the mutable one's place."""
        if not self._is_freezable(node):
            raise Refused(StatusCode.FREEZEREF_EXISTS_MUTABLE_BORROW_ERROR)
        frozen = self._new_reference(False)
        self._add_strong_borrow(node, (), frozen)
        self.release(node)
        return frozen

    def compare(self, first: int, second: int) -> None:
        """Eq and Neq read through references on both sides."""
        if first == VALUE or second == VALUE:
            return
        if not self._is_readable(first) or not self._is_readable(second):
            raise Refused(StatusCode.READREF_EXISTS_MUTABLE_BORROW_ERROR)
        self.release(first)
        self.release(second)

    def read(self, node: int) -> None:
        """ReadRef."""
        if not self._is_readable(node):
            raise Refused(StatusCode.READREF_EXISTS_MUTABLE_BORROW_ERROR)
        self.release(node)

    def write(self, node: int) -> None:
        """WriteRef."""
        if not self._is_writable(node):
            raise Refused(StatusCode.WRITEREF_EXISTS_BORROW_ERROR)
        self.release(node)

    def borrow_local(self, local: int, is_mutable: bool) -> int:
        """Returns: a reference to a local. Older ones to the same local then borrow from it."""
        if not is_mutable:
            self._charge_graph()
            if self.graph.is_mutably_borrowed_at(self.frame, local):
                raise Refused(StatusCode.BORROWLOC_EXISTS_BORROW_ERROR)
        node = self._new_reference(is_mutable)
        self._add_strong_borrow(self.frame, (local,), node)
        return node

    def borrow_field(self, owner: int, handle: int, is_mutable: bool) -> int:
        """Returns: a reference to a field of a struct."""
        label = field_label(handle)
        if is_mutable:
            is_refused = self.graph.is_borrowed_whole(owner)
        elif self.graph.is_mutable(owner):
            self._charge_graph()
            is_refused = self.graph.is_mutably_borrowed_at(owner, label)
        else:
            is_refused = False
        if is_refused:
            raise Refused(StatusCode.FIELD_EXISTS_MUTABLE_BORROW_ERROR)
        node = self._new_reference(is_mutable)
        self._add_strong_borrow(owner, (label,), node)
        self.release(owner)
        return node

    def unpack_variant(self, owner: int, labels: list[Label], is_mutable: bool) -> list[int]:
        """Returns: references to all the fields of a variant."""
        if self.graph.is_borrowed_whole(owner) if is_mutable else not self._is_readable(owner):
            raise Refused(StatusCode.FIELD_EXISTS_MUTABLE_BORROW_ERROR)
        nodes = []
        for label in labels:
            node = self._new_reference(is_mutable)
            self._add_strong_borrow(owner, (label,), node)
            nodes.append(node)
        self.release(owner)
        return nodes

    def borrow_global(self, struct: int, is_mutable: bool) -> int:
        """Returns: a reference to a resource in global storage."""
        label = global_label(struct)
        if (is_mutable and self._is_global_borrowed(label)) or self._is_global_mutably_borrowed(label):
            raise Refused(StatusCode.GLOBAL_REFERENCE_ERROR)
        node = self._new_reference(is_mutable)
        self._add_weak_borrow(self.frame, (label,), node)
        return node

    def _is_global_borrowed(self, label: Label) -> bool:
        self._charge_graph()
        return self.graph.is_borrowed_at(self.frame, label)

    def _is_global_mutably_borrowed(self, label: Label) -> bool:
        self._charge_graph()
        return self.graph.is_mutably_borrowed_at(self.frame, label)

    def move_from(self, struct: int) -> None:
        """Take a resource out of global storage."""
        if self._is_global_borrowed(global_label(struct)):
            raise Refused(StatusCode.GLOBAL_REFERENCE_ERROR)

    def use_vector(self, node: int, is_mutable: bool) -> None:
        """Read a vector's length, or change which elements it has."""
        if is_mutable and not self._is_writable(node):
            raise Refused(StatusCode.VEC_UPDATE_EXISTS_MUTABLE_BORROW_ERROR)
        self.release(node)

    def borrow_element(self, vector: int, is_mutable: bool) -> int:
        """Returns: a reference to some element of a vector."""
        if is_mutable and not self._is_writable(vector):
            raise Refused(StatusCode.VEC_BORROW_ELEMENT_EXISTS_MUTABLE_BORROW_ERROR)
        node = self._new_reference(is_mutable)
        self._add_weak_borrow(vector, (), node)
        self.release(vector)
        return node

    def call(
        self, arguments: list[int], acquired: tuple[int, ...], results: tuple[bool | None, ...]
    ) -> list[int]:
        """Call a function; results says which are mutable or immutable references.

        A mutable reference among the results may point into any mutable argument, an immutable one
        into any argument.
        Returns: the results.
        """
        for struct in sorted(acquired):
            if self._is_global_borrowed(global_label(struct)):
                raise Refused(StatusCode.GLOBAL_REFERENCE_ERROR)
        references = [node for node in arguments if node != VALUE]
        mutable = []
        for node in references:
            if self.graph.is_mutable(node):
                if not self._is_writable(node):
                    raise Refused(StatusCode.CALL_BORROWED_MUTABLE_REFERENCE_ERROR)
                mutable.append(node)
        nodes = []
        for is_mutable in results:
            if is_mutable is None:
                nodes.append(VALUE)
                continue
            node = self._new_reference(is_mutable)
            for parent in mutable if is_mutable else references:
                self._add_weak_borrow(parent, (), node)
            nodes.append(node)
        for node in sorted(references):
            self.release(node)
        return nodes

    def return_(self, operands: list[int]) -> None:
        """Leave the function: nothing of the frame may be borrowed then."""
        for node in sorted(node for node in self.locals if node != VALUE):
            self.release(node)
        self._charge_graph()
        if self.graph.is_borrowed(self.frame):
            raise Refused(StatusCode.UNSAFE_RET_LOCAL_OR_RESOURCE_STILL_BORROWED)
        for node in operands:
            if node != VALUE and self.graph.is_mutable(node) and not self._is_writable(node):
                raise Refused(StatusCode.RET_BORROWED_MUTABLE_REFERENCE_ERROR)


def _release_cost(joined: int) -> int:
    if joined <= _RELEASE_QUADRATIC_THRESHOLD:
        return _RELEASE_ITEM_COST * (joined or 1)
    return _RELEASE_ITEM_COST * (joined * joined // _RELEASE_QUADRATIC_THRESHOLD)


def _join_cost(size: int) -> int:
    if size <= _JOIN_QUADRATIC_THRESHOLD:
        return _JOIN_ITEM_COST * size
    return _JOIN_ITEM_COST * (size * size // _JOIN_QUADRATIC_THRESHOLD)
