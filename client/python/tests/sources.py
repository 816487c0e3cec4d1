"""Sources of definitions that labs could write."""


def measurement(name: str, value: float = 1.0) -> str:
    """The source of a measurement. Versions of a definition differ in `value`."""
    return f'''import numpy as np

from pybirch.Instruments.base import FakeMeasurementInstrument


class {name}(FakeMeasurementInstrument):
    """Measures a constant, in volts."""

    def __init__(self, name="{name}"):
        super().__init__(name)
        self.data_columns = np.array(["value"])
        self.data_units = np.array(["V"])
        self._define_settings({{"gain": 1.0}})

    def _perform_measurement_impl(self):
        return np.array([[{value} * self._gain]])
'''


SEED = '''class MyLockIn(VisaBaseMeasurementInstrument):
    """A driver without any import line."""

    def __init__(self, name="My Lock-In", adapter=""):
        super().__init__(name, adapter)
        self.data_columns = np.array(["X", "Y"])
        self.data_units = np.array(["V", "V"])
        self._define_settings({"sensitivity": 1e-6})

    def _perform_measurement_impl(self) -> np.ndarray:
        values: List[float] = [1.0, 2.0]
        return np.array([values])
'''
