// cspell:disable: names of manufacturers and models
/** A realistic catalogue of definitions: the built-in ones, and products that labs have. */
import { describe } from '../../registry/definitions/metadata.ts';
import { readShipped } from '../../registry/services/start/shipped.ts';
import { definitionFields, type NewDefinition } from './definition-fields.ts';

/** The manufacturer, the category, what the product is, and its models. */
const PRODUCTS: [maker: string, category: string, what: string, models: string][] = [
  ['Keithley', 'Multimeters', 'Multimeter', '2001 2002 2100 2110 DMM6500 DMM7510'],
  ['Keithley', 'Source Meters', 'SourceMeter', '2410 2420 2450 2460 2470 2601B 2602B 2636B'],
  ['Keithley Instruments', 'Electrometers', 'Electrometer', '6514 6517B'],
  ['Keithley Instruments', 'Picoammeters', 'Picoammeter', '6482 6485 6487'],
  ['Keysight', 'Multimeters', 'Multimeter', '34410A 34420A 34461A 34465A 34470A 3458A'],
  ['Keysight', 'Network Analyzers', 'Vector Network Analyzer', 'E5071C E5080B N5222B P9374A'],
  ['Keysight', 'Power Supplies', 'Power Supply', 'E3631A E3633A E36103B N6705C'],
  ['Keysight', 'Signal Generators', 'Signal Generator', 'E8257D N5183B N5171B'],
  ['Agilent', 'Spectrum Analyzers', 'Spectrum Analyzer', 'E4407B N9020A N9030A'],
  ['Hewlett-Packard', 'Counters', 'Universal Counter', '53131A 53181A'],
  ['Tektronix', 'Oscilloscopes', 'Oscilloscope', 'TDS2024 DPO4104 MSO54 TBS1052 MDO3024'],
  ['Tektronix', 'Function Generators', 'Arbitrary Function Generator', 'AFG1022 AFG3102 AFG31000'],
  ['Rohde & Schwarz', 'Signal Generators', 'Vector Signal Generator', 'SMW200A SMBV100B SGS100A'],
  ['Rohde & Schwarz', 'Spectrum Analyzers', 'Spectrum Analyzer', 'FSV40 FSW26 FPL1003'],
  ['Rohde & Schwarz', 'Network Analyzers', 'Network Analyzer', 'ZNB20 ZVA40'],
  ['Stanford Research Systems', 'Preamplifiers', 'Low-Noise Current Preamplifier', 'SR570'],
  ['Stanford Research Systems', 'Preamplifiers', 'Voltage Preamplifier', 'SR560'],
  [
    'Stanford Research Systems',
    'Function Generators',
    'Clock and Function Generator',
    'DS345 CG635',
  ],
  ['Stanford Research Systems', 'Lock-In Amplifiers', 'Lock-In Amplifier', 'SR810 SR844 SR865A'],
  ['Zurich Instruments', 'Lock-In Amplifiers', 'Lock-In Amplifier', 'MFLI HF2LI UHFLI'],
  ['Lake Shore', 'Temperature Controllers', 'Temperature Controller', '325 336 340 350 372'],
  ['Lake Shore', 'Gaussmeters', 'Gaussmeter', '425 475 F71'],
  ['Oxford Instruments', 'Temperature Controllers', 'Mercury iTC', 'MercuryiTC ITC503'],
  [
    'Oxford Instruments',
    'Magnet Power Supplies',
    'Superconducting Magnet Supply',
    'IPS120 MercuryiPS',
  ],
  ['American Magnetics', 'Magnet Power Supplies', 'Magnet Programmer', '430'],
  ['Thorlabs', 'Motion Controllers', 'Rotation Stage', 'K10CR1 ELL14'],
  ['Thorlabs', 'Power Meters', 'Optical Power Meter', 'PM100D PM400'],
  ['Thorlabs', 'Laser Diode Controllers', 'Laser Diode Controller', 'ITC4001 LDC205C'],
  ['Newport', 'Motion Controllers', 'Motion Controller', 'SMC100 XPS CONEXCC'],
  ['Newport', 'Power Meters', 'Optical Power Meter', '1918R 2936R'],
  ['Physik Instrumente', 'Motion Controllers', 'Piezo Controller', 'E727 C863 E709'],
  ['attocube', 'Motion Controllers', 'Piezo Positioning Controller', 'ANC300 ANC350 AMC100'],
  ['Pfeiffer Vacuum', 'Vacuum Gauges', 'Vacuum Gauge Controller', 'TPG261 TPG366'],
  ['Leybold', 'Vacuum Gauges', 'Pressure Gauge', 'GraphixThree IONIVAC'],
  ['Andor', 'Cameras', 'CCD Camera', 'iDus420 Newton Zyla'],
  ['Hamamatsu', 'Cameras', 'sCMOS Camera', 'OrcaFlash4 C11440'],
  ['Ocean Optics', 'Spectrometers', 'Spectrometer', 'USB4000 QEPro HR2000'],
  ['Horiba', 'Spectrometers', 'Imaging Spectrograph', 'iHR320 iHR550'],
  ['Rigol', 'Power Supplies', 'Programmable DC Power Supply', 'DP832 DP811'],
  ['Rigol', 'Oscilloscopes', 'Digital Oscilloscope', 'DS1104Z MSO5074'],
  ['Siglent', 'Electronic Loads', 'Electronic Load', 'SDL1020X SDL1030X'],
  ['Yokogawa', 'Source Meters', 'DC Voltage and Current Source', 'GS200 7651'],
  ['Yokogawa', 'Power Meters', 'Power Analyzer', 'WT310 WT1800'],
  ['National Instruments', 'Data Acquisition', 'Multifunction DAQ', 'USB6211 PXIe6363'],
  ['Bluefors', 'Cryostats', 'Dilution Refrigerator', 'LD400 XLD1000'],
  ['Toptica', 'Lasers', 'Tunable Diode Laser', 'DLCpro CTL1550'],
  ['Coherent', 'Lasers', 'Titanium-Sapphire Laser', 'Chameleon Verdi'],
  ['Teledyne LeCroy', 'Oscilloscopes', 'Oscilloscope', 'HDO6104 WaveRunner9254'],
  ['Quantum Design', 'Cryostats', 'Physical Property Measurement System', 'PPMS DynaCool'],
  ['MKS', 'Mass Flow Controllers', 'Mass Flow Controller', 'PR4000 647C'],
  ['Bronkhorst', 'Mass Flow Controllers', 'Mass Flow Controller', 'ELFLOW F201'],
];

/** The catalogue as definitions without ids. */
export async function catalogue(): Promise<NewDefinition[]> {
  return [...(await shipped()), ...PRODUCTS.flatMap(products)];
}

async function shipped(): Promise<NewDefinition[]> {
  return [...(await readShipped())].map(([name, files]) => {
    const { display_name, description, category, manufacturer } = describe(name, files);
    const source_code = Buffer.from(files.get(`${name}.py`) as Uint8Array).toString();
    return definitionFields(name, {
      ...{ display_name, description, category, manufacturer, source_code, is_builtin: true },
    });
  });
}

function products([maker, category, what, models]: (typeof PRODUCTS)[number]): NewDefinition[] {
  return models.split(' ').map((model) => {
    const name = `${/^\d/.test(model) ? maker.replaceAll(/\W/g, '') : ''}${model}`;
    return definitionFields(name, {
      display_name: `${model} ${what}`,
      description: `${what} of ${maker}.`,
      category,
      manufacturer: maker,
      is_public: true,
      source_code: `class ${name}(VisaMeasurement):\n    def connect(self):\n        self.write("*RST;:SYST:BEEP OFF")\n`,
    });
  });
}
