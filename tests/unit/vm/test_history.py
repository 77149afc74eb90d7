"""The undoable mapping against plain copies of a dictionary."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from papyrus.vm.history import UndoMap


class UndoMachine(RuleBasedStateMachine):
    """Writes, nested marks and rollbacks, compared with saved copies."""

    def __init__(self):
        super().__init__()
        self.real = UndoMap({0: 0})
        self.model = {0: 0}
        self.marks = []

    @rule(key=st.integers(0, 5), value=st.integers())
    def write(self, key, value):
        self.real.set(key, value)
        self.model[key] = value

    @rule()
    def mark(self):
        self.marks.append((self.real.height, dict(self.model)))

    @precondition(lambda self: self.marks)
    @rule()
    def rollback(self):
        height, model = self.marks.pop()
        self.real.rollback(height)
        self.model = model

    @precondition(lambda self: self.marks)
    @rule()
    def keep(self):
        self.marks.pop()
        if not self.marks:
            self.real.forget()

    @invariant()
    def same(self):
        assert self.real.values == self.model
        assert all(self.real.get(key) == self.model.get(key) for key in range(6))


TestUndoMap = UndoMachine.TestCase
