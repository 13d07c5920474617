"""Building structs, variants, vectors and tuples."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..types import TupleType, Type, TypeVariable, at, vector_of
from .constraints import require_base, require_single
from .context import Body, Frame
from .fields import struct_fields
from .instantiate import instantiate, use_datatype
from .relations import join, subtype
from .rules import check_all, check_expression, rule
from .visibility import report_foreign_datatype


@rule(N.Pack)
def _pack(body: Body, frame: Frame, node: N.Pack) -> T.Expression:
    use = use_datatype(body, frame, node.loc, node.datatype, node.type_arguments)
    variant = node.variant.text if node.variant is not None else None
    owner = f"{node.datatype}" if variant is None else f"{node.datatype}::{variant}"
    fields: list[T.PackField] = []
    given = [(f.name, f.value) for f in node.fields]
    for field in struct_fields(body, node.loc, "argument", use, variant, given):
        value = check_expression(body, frame, field.item)
        message = f"Invalid argument for field '{field.name}' for '{owner}'"
        subtype(body, value.loc, message, value.type, field.type)
        fields.append(T.PackField(field.name.text, field.index, field.type, value))
    if not body.is_own(node.datatype.module):
        kind = "Struct" if variant is None else "Enum variant"
        report_foreign_datatype(
            body,
            node.loc,
            f"{kind} '{owner}' can only be instantiated within its defining module '{node.datatype.module}'",
            use.definition,
        )
    module, name = node.datatype
    return T.Pack(use.type, node.loc, module, name, use.type.arguments, fields, variant)


@rule(N.VectorExpression)
def _vector(body: Body, frame: Frame, node: N.VectorExpression) -> T.Expression:
    elements = check_all(body, frame, node.elements.items)
    element_type: Type = body.inference.fresh(node.loc)
    message = "Invalid 'vector' instantiation. Incompatible argument"
    for element in elements:
        element_type = join(body, node.loc, message, element_type, element.type)
    if node.type_argument is not None:
        written = instantiate(body, frame, node.type_argument)
        message = "Invalid 'vector' instantiation. Invalid argument type"
        subtype(body, node.loc, message, element_type, written)
        element_type = written
    require_base(body, node.loc, "Invalid 'vector' type", element_type)
    return T.VectorPack(vector_of(element_type, node.loc), node.loc, element_type, elements)


@rule(N.Tuple)
def _tuple(body: Body, frame: Frame, node: N.Tuple) -> T.Expression:
    elements = check_all(body, frame, node.items)
    for element in elements:
        message = "Invalid expression list type argument"
        require_single(body, node.loc, message, element.type)
    types = tuple(at(e.type, e.loc) if isinstance(e.type, TypeVariable) else e.type for e in elements)
    return T.TupleExpression(TupleType(types, node.loc), node.loc, elements)
