/** Templates for new definitions, by instrument type and connection. */
export const TEMPLATES = [
  { id: 'measurement-visa', label: 'Measurement over VISA (GPIB, USB, serial, TCP)' },
  { id: 'measurement-simulated', label: 'Simulated measurement' },
  { id: 'measurement-plain', label: 'Measurement over another connection' },
  { id: 'movement-visa', label: 'Movement over VISA (GPIB, USB, serial, TCP)' },
  { id: 'movement-simulated', label: 'Simulated movement' },
  { id: 'movement-plain', label: 'Movement over another connection' },
] as const;

export type TemplateId = (typeof TEMPLATES)[number]['id'];

const PREFIX = { visa: 'VisaBase', simulated: 'Fake', plain: 'Base' } as const;

export function template(id: TemplateId, name: string): string {
  const [type, way] = id.split('-') as ['measurement' | 'movement', keyof typeof PREFIX];
  const base = `${PREFIX[way]}${type === 'measurement' ? 'Measurement' : 'Movement'}Instrument`;
  return (
    HEADER + (type === 'measurement' ? measurement(name, base, way) : movement(name, base, way))
  );
}

const HEADER = `# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy"]
#
# [tool.pybirch]
# display-name = "My Instrument"
# status = "development"
#
# [tool.pybirch.settings-schema.properties.averages]
# type = "integer"
# minimum = 1
# maximum = 1000
# description = "Number of readings to average"
# ///
`;

const opening = (name: string, base: string, way: keyof typeof PREFIX, says: string) => `
import numpy as np
from pybirch.Instruments.base import ${base}


class ${name}(${base}):
    """${says}"""

${
  way === 'visa'
    ? `    def __init__(self, name="${name}", adapter=""):
        super().__init__(name, adapter)`
    : `    def __init__(self, name="${name}"):
        super().__init__(name)`
}
        self._define_settings({"averages": 1})
`;

const connection = (way: keyof typeof PREFIX) =>
  way === 'visa'
    ? `
    def _connect_impl(self) -> bool:
        return "MODEL" in self.instrument.query("*IDN?")
`
    : '';

const measurement = (
  name: string,
  base: string,
  way: keyof typeof PREFIX,
) => `${opening(name, base, way, 'Measures a voltage (V).')}        self.data_columns = np.array(["voltage"])
        self.data_units = np.array(["V"])
${connection(way)}
    def _perform_measurement_impl(self):
        readings = [${way === 'visa' ? 'float(self.instrument.query("READ?"))' : '0.0'} for _ in range(self._averages)]
        return np.array([[np.mean(readings)]])
`;

const movement = (
  name: string,
  base: string,
  way: keyof typeof PREFIX,
) => `${opening(name, base, way, 'Moves along one axis (mm).')}        self.position_column = "x"
        self.position_units = "mm"
        self._position = 0.0
${connection(way)}
    @property
    def position(self) -> float:
        return ${way === 'visa' ? 'float(self.instrument.query("POS?"))' : 'self._position'}

    @position.setter
    def position(self, value: float) -> None:
        ${way === 'visa' ? 'self.instrument.write(f"MOVE {value}")' : 'self._position = float(value)'}
`;
