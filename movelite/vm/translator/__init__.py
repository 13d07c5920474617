"""Verified bytecode to Python source: the fast way to run a function.

flow.py rebuilds loops and ifs, expressions.py turns the operand stack into expressions, charges.py sums
the gas of straight stretches, emission.py writes the source, machine.py runs it.
"""
