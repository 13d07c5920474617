"""`CompiledModule` to text, as the official disassembler prints it.

Source: move-disassembler. Its oddities are kept: the list of locals leaves out as many as there are
parameters, and variants are named by the source map alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from movelite.bytecode.file_format import (
    CodeUnit,
    CompiledModule,
    Constant,
    Datatype,
    DatatypeHandle,
    DatatypeInstantiation,
    EnumDefinition,
    FunctionDefinition,
    Instruction,
    ModuleHandle,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    Signature,
    SignatureToken,
    StructDefinition,
    TypeParameter,
    Vector,
    Visibility,
    ability_names,
)
from movelite.bytecode.layout import OPERAND, OperandKind
from movelite.bytecode.source_map import FunctionSourceMap, SourceMap, SourceName, make_up
from proto.bcs import BcsError, read_uleb128
from proto.ids import short_address

_PREVIEW_LENGTH = 4

_VISIBILITY_WORDS = {
    Visibility.PRIVATE: "",
    Visibility.FRIEND: "public(friend) ",
    Visibility.PUBLIC: "public ",
}

INDEX_NAMES = {
    OperandKind.VARIANT_HANDLE: "VariantHandleIndex",
    OperandKind.VARIANT_INSTANTIATION_HANDLE: "VariantInstantiationHandleIndex",
    OperandKind.JUMP_TABLE: "VariantJumpTableIndex",
}
"""How the official text calls numbers of these tables."""

_ENDS_BLOCK = frozenset(
    {Opcode.RET, Opcode.ABORT, Opcode.BRANCH, Opcode.BR_TRUE, Opcode.BR_FALSE, Opcode.VARIANT_SWITCH}
)


@dataclass(frozen=True, slots=True)
class DisassemblerOptions:
    """What to print. line: a line of code, made of a function's definition, an offset and the instruction.

    most_type_text: characters of types that may be put together; None: as many as there are.
    """

    only_externally_visible: bool = False
    print_code: bool = True
    print_basic_blocks: bool = True
    print_locals: bool = True
    most_type_text: int | None = None
    line: Callable[[int, int, str], str] = lambda function, offset, text: f"\t{offset}: {text}"


class TextTooLong(Exception):
    """The text of a module would be longer than was allowed: a few kilobytes of code can name gigabytes."""


DEFAULT_OPTIONS = DisassemblerOptions()


def disassemble(
    module: CompiledModule,
    source_map: SourceMap | None = None,
    options: DisassemblerOptions = DEFAULT_OPTIONS,
) -> str:
    """The text of a module, with names from its source map if there is one.

    Raises: TextTooLong if options bound it.
    """
    return _Disassembler(module, source_map or make_up(module), options).module_text()


def instruction_name(opcode: Opcode) -> str:
    """The official name of an instruction: LdU64 for LD_U64."""
    return "".join(part.capitalize() for part in opcode.name.removesuffix("_DEPRECATED").split("_"))


def basic_blocks(unit: CodeUnit) -> list[int]:
    """The code offsets at which basic blocks begin."""
    starts = {0}
    for offset, (opcode, operand, _) in enumerate(unit.code):
        if opcode in (Opcode.BRANCH, Opcode.BR_TRUE, Opcode.BR_FALSE):
            starts.add(operand)
        elif opcode is Opcode.VARIANT_SWITCH:
            starts.update(unit.jump_tables[operand].jump_table)
        if opcode in _ENDS_BLOCK and offset + 1 < len(unit.code):
            starts.add(offset + 1)
    return sorted(starts)


def render_constant(constant: Constant) -> str:
    """The value of a constant: number, address, boolean or UTF-8 string as such, all else in hexadecimal."""
    data = constant.data
    match constant.type_:
        case Vector(Primitive.U8):
            try:
                length, start = read_uleb128(data, 0)
                text = data[start:].decode()
            except (BcsError, IndexError, UnicodeDecodeError):
                return data.hex()
            return f'"{text}" // interpreted as UTF8 string' if length == len(data) - start else data.hex()
        case Primitive.ADDRESS if len(data) == 32:
            return "0x" + data.hex()
        case Primitive.BOOL if data in (b"\0", b"\1"):
            return "true" if data == b"\1" else "false"
        case Primitive(name=name) if name.startswith("U") and len(data) == int(name[1:]) // 8:
            return str(int.from_bytes(data, "little"))
        case _:
            return data.hex()


def _preview(text: str) -> str:
    short = len(text.encode()) <= _PREVIEW_LENGTH + 2
    return text if short else text[:_PREVIEW_LENGTH] + ".."


def _angle(names: Sequence[str]) -> str:
    return f"<{', '.join(names)}>" if names else ""


def _returns(types: Sequence[str]) -> str:
    return f": {' * '.join(types)}" if types else ""


class _Disassembler:
    def __init__(self, module: CompiledModule, source_map: SourceMap, options: DisassemblerOptions) -> None:
        self.module = module
        self.source_map = source_map
        self.options = options
        self.type_text_left = inf if options.most_type_text is None else options.most_type_text
        self.aliases = _module_aliases(module)
        self.constants = [(self.type_text(c.type_, ()), render_constant(c)) for c in module.constant_pool]

    def module_text(self) -> str:
        module = self.module
        address, name = self.source_map.module_name
        imports = [text for text in map(self.import_text, module.module_handles) if text]
        imports_text = "\n" + "\n".join(imports) + "\n\n" if imports else ""
        structs = "\n".join(self.struct_text(i, s) for i, s in enumerate(module.struct_defs))
        enums = "\n".join(self.enum_text(i, e) for i, e in enumerate(module.enum_defs))
        functions = "\n".join(self.function_text(i, f) for i, f in enumerate(module.function_defs))
        constants = ""
        if self.constants:
            rows = "\n".join(f"\t{i} => {type_}: {value}" for i, (type_, value) in enumerate(self.constants))
            constants = f"\nConstants [\n{rows}\n]\n"
        head = f"// Move bytecode v{module.version}\nmodule {short_address(address)[2:]}.{name}"
        return f"{head} {{{imports_text}\n{structs}\n\n{enums}\n\n{functions}\n{constants}}}"

    # names and types

    def import_text(self, handle: ModuleHandle) -> str | None:
        module_id = self.module.module_id(handle)
        if module_id == self.module.self_id:
            return None
        text = f"use {module_id[0].hex()}::{module_id[1]}"
        return f"{text} as {self.aliases[module_id]};" if module_id in self.aliases else f"{text};"

    def datatype_name(self, handle: int) -> str:
        return self.module.identifiers[self.module.datatype_handles[handle].name]

    def type_text(self, token: SignatureToken, parameters: Sequence[str]) -> str:
        text = self.text_of_type(token, parameters)
        self.type_text_left -= len(text)
        if self.type_text_left < 0:
            raise TextTooLong
        return text

    def text_of_type(self, token: SignatureToken, parameters: Sequence[str]) -> str:
        match token:
            case Primitive():
                return token.name.lower()
            case Vector(inner):
                return f"vector<{self.type_text(inner, parameters)}>"
            case Reference(inner):
                return f"&{self.type_text(inner, parameters)}"
            case MutableReference(inner):
                return f"&mut {self.type_text(inner, parameters)}"
            case Datatype(handle):
                return self.datatype_name(handle)
            case DatatypeInstantiation(handle, arguments):
                return self.datatype_name(handle) + _angle(self.type_texts(arguments, parameters))
            case TypeParameter(index):
                return parameters[index] if index < len(parameters) else f"Ty{index}"

    def type_texts(self, tokens: Signature, parameters: Sequence[str]) -> list[str]:
        return [self.type_text(token, parameters) for token in tokens]

    # definitions

    def datatype_head(self, handle: DatatypeHandle, names: Sequence[SourceName]) -> str:
        parameters = []
        for (name, _), parameter in zip(names, handle.type_parameters, strict=False):
            constraints = " + ".join(ability_names(parameter.constraints))
            phantom = "phantom " if parameter.is_phantom else ""
            parameters.append(f"{phantom}{name}: {constraints}" if constraints else f"{phantom}{name}")
        abilities = ", ".join(ability_names(handle.abilities))
        has = f" has {abilities}" if abilities else ""
        return f"{self.module.identifiers[handle.name]}{_angle(parameters)}{has}"

    def struct_text(self, index: int, definition: StructDefinition) -> str:
        names = self.source_map.struct_map[index].type_parameters
        parameters = [name for name, _ in names]
        head = self.datatype_head(self.module.datatype_handles[definition.handle], names)
        if definition.fields is None:
            return f"native struct {head} "
        fields = [
            f"{self.module.identifiers[f.name]}: {self.type_text(f.signature, parameters)}"
            for f in definition.fields
        ]
        return f"struct {head} " + _braces(fields)

    def enum_text(self, index: int, definition: EnumDefinition) -> str:
        names = self.source_map.enum_map[index].type_parameters
        parameters = [name for name, _ in names]
        head = self.datatype_head(self.module.datatype_handles[definition.handle], names)
        variants = []
        for variant in definition.variants:
            fields = ", ".join(
                f"{self.module.identifiers[f.name]}: {self.type_text(f.signature, parameters)}"
                for f in variant.fields
            )
            variants.append(f"{self.module.identifiers[variant.name]} {{ {fields} }}")
        return f"enum {head} " + _braces(variants)

    def function_text(self, index: int, definition: FunctionDefinition) -> str:
        if self.options.only_externally_visible and definition.visibility is Visibility.PRIVATE:
            return ""
        names = self.source_map.function_map[index]
        handle = self.module.function_handles[definition.function]
        type_names = [name for name, _ in names.type_parameters]
        type_parameters = []
        for name, constraints in zip(type_names, handle.type_parameters, strict=False):
            words = " + ".join(ability_names(constraints))
            type_parameters.append(f"{name}: {words}" if words else name)
        parameters = [
            f"{name}: {self.type_text(token, type_names)}"
            for (name, _), token in zip(
                names.parameters, self.module.signatures[handle.parameters], strict=False
            )
        ]
        returns = self.type_texts(self.module.signatures[handle.return_], type_names)
        modifiers = ("entry " if definition.is_entry else "") + ("native " if definition.code is None else "")
        head = f"{modifiers}{_VISIBILITY_WORDS[definition.visibility]}{self.module.identifiers[handle.name]}"
        body = ""
        if definition.code is not None:
            body = self.body_text(index, definition.code, names, self.module.signatures[handle.parameters])
        return f"{head}{_angle(type_parameters)}({', '.join(parameters)}){_returns(returns)}{body}"

    # bodies

    def body_text(self, index: int, unit: CodeUnit, names: FunctionSourceMap, parameters: Signature) -> str:
        types = [name for name, _ in names.type_parameters]
        lines = []
        if self.options.print_locals:
            locals_ = self.module.signatures[unit.locals_]
            shown = list(zip(names.locals_, locals_, strict=False))[len(parameters) :]
            for number, ((name, _), token) in enumerate(shown):
                lines.append(f"L{number}:\t{name}: {self.type_text(token, types)}")
        if not self.options.print_code:
            lines += ["", ""]
        else:
            lines += self.code_lines(index, unit, names, parameters)
            lines += self.jump_table_lines(unit)
        return " {\n" + "\n".join(lines) + "\n}"

    def code_lines(
        self, index: int, unit: CodeUnit, names: FunctionSourceMap, parameters: Signature
    ) -> list[str]:
        locals_ = parameters + self.module.signatures[unit.locals_]
        context = _Function(names, locals_, [name for name, _ in names.type_parameters])
        line = self.options.line
        lines = [line(index, offset, self.instruction(i, context)) for offset, i in enumerate(unit.code)]
        if self.options.print_basic_blocks:
            for number, start in enumerate(basic_blocks(unit)):
                lines.insert(start + number, f"B{number}:")
        return lines

    def jump_table_lines(self, unit: CodeUnit) -> list[str]:
        if not unit.jump_tables:
            return [""]
        lines = ["Jump tables:"]
        for number, table in enumerate(unit.jump_tables):
            variants = self.source_map.enum_map[table.head_enum].variants
            arms = []
            for tag, target in enumerate(table.jump_table):
                name = variants[tag][0][0] if tag < len(variants) else f"Variant{tag}"
                arms.append(f"{name} => jump {target}")
            enum = self.datatype_name(self.module.enum_defs[table.head_enum].handle)
            lines.append(f"[{number}]:\tvariant_switch {enum} {{\n\t\t" + "\n\t\t".join(arms) + "\n\t}")
        return lines

    def instruction(self, instruction: Instruction, context: _Function) -> str:
        opcode, operand, count = instruction
        name = instruction_name(opcode)
        match OPERAND[opcode]:
            case OperandKind.NONE:
                return name
            case OperandKind.CONSTANT:
                type_, value = self.constants[operand]
                return f"{name}[{operand}]({type_}: {_preview(value)})"
            case OperandKind.LOCAL:
                token = self.type_text(context.locals_[operand], context.type_names)
                return f"{name}[{operand}]({context.names.local_name(operand)}: {token})"
            case OperandKind.FIELD_HANDLE:
                return f"{name}[{operand}]({self.field_text(operand)})"
            case OperandKind.FIELD_INSTANTIATION:
                handle = self.module.field_instantiations[operand].handle
                return f"{name}[{operand}]({self.field_text(handle)})"
            case OperandKind.STRUCT_DEF:
                return f"{name}[{operand}]({self.struct_instantiation(operand, (), context)})"
            case OperandKind.STRUCT_DEF_INSTANTIATION:
                row = self.module.struct_def_instantiations[operand]
                arguments = self.module.signatures[row.type_parameters]
                return f"{name}[{operand}]({self.struct_instantiation(row.definition, arguments, context)})"
            case OperandKind.FUNCTION_HANDLE:
                return f"Call {self.call_text(operand, [])}"
            case OperandKind.FUNCTION_INSTANTIATION:
                function = self.module.function_instantiations[operand]
                types = self.type_texts(self.module.signatures[function.type_parameters], context.type_names)
                return f"Call {self.call_text(function.handle, types)}"
            case OperandKind.SIGNATURE_AND_COUNT:
                return f"{name}({operand}, {count})"
            case kind if kind in INDEX_NAMES:
                return f"{name}({INDEX_NAMES[kind]}({operand}))"
            case _:
                return f"{name}({operand})"

    def field_text(self, handle: int) -> str:
        row = self.module.field_handles[handle]
        definition = self.module.struct_defs[row.owner]
        names = [name for name, _ in self.source_map.struct_map[row.owner].type_parameters]
        field = (definition.fields or ())[row.field]
        owner = self.datatype_name(definition.handle)
        return f"{owner}.{self.module.identifiers[field.name]}: {self.type_text(field.signature, names)}"

    def struct_instantiation(self, definition: int, arguments: Signature, context: _Function) -> str:
        name = self.datatype_name(self.module.struct_defs[definition].handle)
        return name + _angle(self.type_texts(arguments, context.type_names))

    def call_text(self, handle: int, type_arguments: Sequence[str]) -> str:
        row = self.module.function_handles[handle]
        module_id = self.module.module_id(self.module.module_handles[row.module])
        name = self.module.identifiers[row.name]
        if module_id != self.module.self_id:
            name = f"{self.aliases.get(module_id, module_id[1])}::{name}"
        parameters = self.type_texts(self.module.signatures[row.parameters], type_arguments)
        returns = self.type_texts(self.module.signatures[row.return_], type_arguments)
        return f"{name}{_angle(type_arguments)}({', '.join(parameters)}){_returns(returns)}"


@dataclass(frozen=True, slots=True)
class _Function:
    """What the instructions of one function are printed with; locals_ begin with the parameters."""

    names: FunctionSourceMap
    locals_: Signature
    type_names: Sequence[str]


def _braces(items: Sequence[str]) -> str:
    return "{\n\t" + ",\n\t".join(items) + "\n}" if items else ""


def _module_aliases(module: CompiledModule) -> dict[tuple[bytes, str], str]:
    """Aliases `0M`, `1M` and so on for further modules of one name."""
    counts = {module.self_id[1]: 0}
    aliases = {}
    for handle in module.module_handles:
        module_id = module.module_id(handle)
        name = module_id[1]
        if name in counts:
            aliases[module_id] = f"{counts[name]}{name}"
            counts[name] += 1
        else:
            counts[name] = 0
    return aliases
