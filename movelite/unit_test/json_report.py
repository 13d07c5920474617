"""Everything about a run of tests as one JSON value, for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from movelite.unit_test.coverage import FileCoverage
from movelite.unit_test.failures import MoveError
from movelite.unit_test.gas_report import function_gas
from movelite.unit_test.program import TestProgram
from movelite.unit_test.random_inputs import format_value
from movelite.unit_test.recorders import Call, FrameDetails, GasUse, Variable
from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import TestResult, TestRun

Json = dict[str, Any]


def result_json(result: TestResult, reporter: Reporter) -> Json:
    """A test: gas in gas units, time in seconds."""
    run = result.failed_run
    last = result.runs[-1]
    shown: Json = {
        "module": reporter.program.module_name(result.module),
        "name": result.name,
        "result": result.verdict.value.lower(),
        "gas": result.gas_used,
        "seconds": round(result.seconds, 6),
        "runs": len(result.runs),
        "prints": [line for one in result.runs for line in one.outcome.prints],
    }
    if run is not None:
        shown["failure"] = _failure(result, run, reporter)
    if last.calls is not None:
        shown["calls"] = [_call(reporter.program, call) for call in last.calls.calls]
    return shown


def _failure(result: TestResult, run: TestRun, reporter: Reporter) -> Json:
    shown: Json = {
        "message": reporter.headline(result, run),
        "text": reporter.whole_text(result, run),
        "error": None if run.error is None else _error(reporter.program, run.error),
        "frames": [_frame(reporter.program, frame) for frame in reporter.frames(run)],
    }
    if run.seed is not None:
        shown["seed"] = run.seed
        shown["arguments"] = list(map(format_value, run.arguments))
        shown["simplest_arguments"] = None if run.simplest is None else list(map(format_value, run.simplest))
    return shown


def _error(program: TestProgram, error: MoveError) -> Json:
    module = None if error.module is None else program.module_name(error.module)
    return {"status": error.status.name, "code": error.code, "module": module}


def _frame(program: TestProgram, frame: FrameDetails) -> Json:
    place = None if frame.offset is None else program.place(frame.module, frame.definition, frame.offset)
    shown: Json = {"module": program.module_name(frame.module), "function": frame.function}
    if place is not None:
        file = program.sources[place.file]
        shown |= {"file": file.name, "line": file.line_of(place.start) + 1}
    shown["arguments"] = list(map(_variable, frame.arguments))
    shown["locals"] = list(map(_variable, frame.locals))
    shown["compared"] = list(map(_variable, frame.compared))
    return shown


def _variable(variable: Variable) -> Json:
    return {"name": variable.name, "type": variable.type, "value": variable.value}


def _call(program: TestProgram, call: Call) -> Json:
    return {
        "depth": call.depth,
        "function": f"{program.module_name(call.module)}::{call.name}",
        "arguments": call.arguments,
        "result": call.result,
        "failed": call.failed,
        "internal_gas": call.gas,
    }


def gas_json(program: TestProgram, use: GasUse) -> Json:
    """The gas report: internal units, a thousand of which are one gas unit."""
    return {
        program.module_name(module): {
            row.name: {
                "calls": row.calls,
                "min": row.least,
                "avg": row.mean,
                "median": row.median,
                "max": row.most,
            }
            for row in rows
        }
        for module, rows in function_gas(program, use).items()
    }


def coverage_json(files: Sequence[FileCoverage]) -> Json:
    """Coverage by file."""
    return {
        file.path: {
            "lines": {str(line): count for line, count in file.lines.items()},
            "functions": {function.name: function.calls for function in file.functions},
            "branches": [
                {"line": branch.line, "block": branch.block, "taken": branch.taken or [0] * branch.ways}
                for branch in file.branches
            ],
        }
        for file in files
    }
