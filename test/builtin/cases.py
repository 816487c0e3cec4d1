"""For each definition: an instrument, settings to change, and the expected result.

The instruments start with unusual settings, as if somebody had used them before. Initialising an instrument then has
commands to send.
"""

import instruments
from instruments import Acknowledging, AptController, ChannelList, Newport, Numbered, Scripted

RESET = ("*RST", "*CLS")


def sr830(identity="Stanford_Research_Systems,SR830,s/n45678,ver1.07"):
    state = {"ISRC": 1, "ICPL": 1, "IGND": 1, "FMOD": 0, "FREQ": 37.0, "PHAS": 10.0, "HARM": 2}
    state |= {"SLVL": 1.0, "SENS": 10, "RMOD": 0, "OFLT": 12, "OFSL": 3}
    answers = {"SNAP? 1,2,3,4,9": "0.3,0.4,0.5,53.13,1000.0"}
    return Scripted(identity, state, answers, (*RESET, "OUTX 1", "LOCL 0"))


def sr860(identity="Stanford_Research_Systems,SR860,003321,V1.51"):
    state = {"IVMD": 1, "ISRC": 1, "ICPL": 1, "IGND": 1, "IRNG": 3, "ICUR": 1, "RSRC": 1}
    state |= {"FREQINT": 37.0, "PHAS": 10.0, "HARM": 2, "SLVL": 1.0, "SCAL": 10, "OFLT": 12}
    answers = {"SNAP? X,Y": "0.3,0.4", "FREQ?": "1000.0"}
    return Scripted(identity, state | {"OFSL": 3}, answers, RESET)


def model7270(identity="7270"):
    state = {"VMODE": 3, "CP": 1, "FLOAT": 1, "IE": 2, "OF.": 37.0, "OA.": 1.0, "REFP.": 10.0}
    state |= {"REFN": 2, "SEN": 10, "TC": 15, "SLOPE": 3}
    return Acknowledging(identity, state, {"XY.": "3.0E-01,4.0E-01", "FRQ.": "1.0E+03"})


def keithley2400(identity="KEITHLEY INSTRUMENTS INC.,MODEL 2400,1234567,C30"):
    state = {":SOUR:FUNC": "CURR", ":SOUR:VOLT:LEV": 1.0, ":SOUR:CURR:LEV": 1e-6}
    state |= {":SENS:CURR:PROT": 1e-6, ":SENS:VOLT:PROT": 21.0, ":SENS:CURR:NPLC": 0.1}
    state |= {":SENS:VOLT:NPLC": 0.1, ":SYST:RSEN": 1, ":ROUT:TERM": "REAR", ":TRIG:COUN": 5}
    commands = (*RESET, ":SENS:FUNC:CONC ON", ":SENS:FUNC 'VOLT','CURR'")
    commands += (":FORM:ELEM VOLT,CURR,TIME",)
    answers = {":READ?": "+1.0E+00,+2.0E-03,+0.1E+00,+1.0E+00,+2.1E-03,+0.2E+00"}
    return Scripted(identity, state | {":OUTP": 0}, answers, commands)


def keithley2000(identity="KEITHLEY INSTRUMENTS INC.,MODEL 2000,1234567,A20  /A02"):
    state = {":SENS:FUNC": "TEMP", ":SAMP:COUN": 4}
    names = ("VOLT:DC", "VOLT:AC", "CURR:DC", "CURR:AC", "RES", "FRES", "TEMP")
    state |= {f":SENS:{name}:NPLC": 0.1 for name in names}
    commands = (*RESET, ":INIT:CONT OFF", ":FORM:ELEM READ")
    return Scripted(identity, state, {":READ?": "+1.0E+00,+1.1E+00,+1.2E+00"}, commands)


def hp34401a(identity="HEWLETT-PACKARD,34401A,0,10-5-2"):
    state = {"FUNC": "FRES", "VOLT:NPLC": 1.0, "CURR:NPLC": 1.0, "RES:NPLC": 1.0}
    state |= {"FRES:NPLC": 1.0, "ZERO:AUTO": 0, "INP:IMP:AUTO": 1, "SAMP:COUN": 4}
    return Scripted(identity, state, {"READ?": "+1.0E+00,+1.1E+00,+1.2E+00"}, RESET)


def keithley2182a(identity="KEITHLEY INSTRUMENTS INC.,MODEL 2182A,1234567,C03"):
    state = {":SENS:CHAN": 2, ":SENS:VOLT:NPLC": 1.0, ":SAMP:COUN": 4}
    for n in (1, 2):
        filters = {"LPAS": 1, "DFIL": 0, "DFIL:COUN": 3, "DFIL:TCON": "MOV"}
        state |= {f":SENS:VOLT:CHAN{n}:{key}": value for key, value in filters.items()}
    commands = (*RESET, ":INIT:CONT OFF", ":SENS:FUNC 'VOLT'")
    return Scripted(identity, state, {":READ?": "+1.0E-09,+1.1E-09,+1.2E-09"}, commands)


def keithley6221(identity="KEITHLEY INSTRUMENTS INC.,MODEL 6221,1234567,D03"):
    state = {"SOUR:CURR:COMP": 1.0, "SOUR:CURR:FILT": 1, "OUTP:ISH": "GUAR", "OUTP:LTE": 1}
    state |= {"SOUR:CURR:RANG:AUTO": 0, "SOUR:CURR": 1e-3, "OUTP": 0}
    return Scripted(identity, state, {"*OPC?": "1"}, RESET)


class Generator(Scripted):
    """The 33220A reports its load as a number, and an infinite load as 9.9E+37."""

    def show(self, key):
        if key == "OUTP:LOAD":
            return "9.9E+37" if self.state[key] == "INF" else "+5.0E+01"
        return super().show(key)


def agilent33220a(identity="Agilent Technologies,33220A,MY44012345,2.02-2.02-22-2"):
    state = {"FUNC": "SQU", "OUTP:LOAD": "INF", "VOLT": 1.0, "VOLT:OFFS": 0.5, "OUTP": 1}
    return Generator(identity, state | {"FREQ": 1000.0, "VOLT:UNIT": "VRMS"}, {}, RESET)


def rigol(identity="RIGOL TECHNOLOGIES,DS1054Z,DS1ZA000000000,00.04.04.SP3"):
    state = {":TIM:MAIN:SCAL": 1e-3, ":TRIG:EDG:SOUR": "AC", ":TRIG:EDG:SLOP": "NEG"}
    state |= {":TRIG:EDG:LEV": 1.0, ":WAV:SOUR": "CHAN4", ":WAV:MODE": "RAW", ":WAV:FORM": "ASC"}
    for n in (1, 2, 3, 4):
        channel = {"PROB": 1.0, "COUP": "GND", "SCAL": 0.1, "OFFS": 2.0}
        state |= {f":CHAN{n}:{key}": value for key, value in channel.items()}
    answers = {":WAV:PRE?": "0,0,1200,1,1.0e-08,-6.0e-06,0,4.0e-02,0,127"}
    commands = (*RESET, ":TRIG:MODE EDGE", ":RUN", ":STOP")
    return instruments.Oscilloscope(identity, state, answers, commands)


LAKE_SHORE = "LSCI,MODEL335,335A123/#######,1.0"


def lakeshore335(identity=LAKE_SHORE):
    answers = {"KRDG? A": "+004.215", "KRDG? B": "+077.350", "RDGST? A": "000", "RDGST? B": "128"}
    answers |= {"HTR? 1": "+012.5", "HTR? 2": "+000.0"}
    return Numbered(identity, {"FILTER A": "1,10,02", "FILTER B": "0,08,10"}, answers)


def lakeshore335loop(identity=LAKE_SHORE):
    state = {"OUTMODE 2": "0,1,0", "SETP 2": "+300.0", "RANGE 2": "3", "RAMP 2": "1,+5.0"}
    return Numbered(identity, state | {"PID 2": "+0010,+0005,+001"}, {"KRDG? B": "+077.350"})


class Supply(ChannelList):
    """The E36312A. While its output is on, the voltage at the output is the set voltage."""

    def handle(self, message):
        if message == "MEAS:VOLT? (@2)":
            return f"{self.state['VOLT@2'] * self.state['OUTP@2']:+.6E}"
        return super().handle(message)


def keysight(identity="Keysight Technologies,E36312A,MY57000001,2.1.0-1.0.4-1.12"):
    return Supply(identity, {"VOLT@2": 3.0, "CURR@2": 1.0, "OUTP@2": 1})


def dg645(identity="Stanford Research Systems,DG645,s/n001234,ver1.20.10E"):
    state = {"TSRC": 1, "TRAT": 10.0, "TLVL": 0.5, "LAMP 2": 1.0, "LPOL 2": 0}
    state |= {"DLAY 2": "0,+0.000001000000", "DLAY 4": "2,+0.000000500000"}
    return Numbered(identity, state, {}, RESET)


class Case:
    """How to make an instrument, what to change, and what to expect.

    `make` creates the instrument, with any identity. `changes` are settings that differ from the
    defaults. `bad` is a setting that the instrument does not have. `fast` are settings that keep
    the test short. `value` is the target of a simulated movement.
    """

    def __init__(self, make, changes, rows=1, value=None, arguments=(), bad=None, **fast):
        self.make = make
        self.changes = changes
        self.rows = rows
        self.value = value
        self.arguments = arguments
        self.bad = bad
        self.fast = fast


CASES = {
    "SR830": Case(
        sr830,
        {"input": "A-B", "sensitivity": 1e-6, "frequency": 137.0, "slope": 24, "harmonic": 3},
        bad={"sensitivity": 3e-6},
        settle=0,
    ),
    "SR860": Case(
        sr860,
        {"signal": "current", "sensitivity": 1e-6, "frequency": 137.0, "time_constant": 1},
        bad={"time_constant": 2},
        settle=0,
    ),
    "SignalRecovery7270": Case(
        model7270,
        {"input": "A-B", "sensitivity": 1e-6, "amplitude": 0.5, "time_constant": 1},
        bad={"slope": 7},
        settle=0,
    ),
    "Keithley2400": Case(
        keithley2400,
        {"source": "current", "level": 1e-3, "compliance": 10.0, "four_wire": True, "points": 2},
        rows=2,
        bad={"source": "light"},
    ),
    "Keithley2000": Case(
        keithley2000,
        {"function": "resistance", "nplc": 10.0, "points": 3},
        rows=3,
        bad={"function": "colour"},
    ),
    "HP34401A": Case(
        hp34401a,
        {"function": "DC current", "nplc": 0.2, "points": 3, "high_impedance": True},
        rows=3,
        bad={"function": "colour"},
    ),
    "Keithley2182A": Case(
        keithley2182a,
        {"channel": 2, "nplc": 1.0, "filter_count": 5, "points": 3},
        rows=3,
        bad={"analog_filter": "perhaps"},
    ),
    "Keithley6221": Case(
        keithley6221,
        {"compliance": 20.0, "inner_shield": "guard"},
        bad={"inner_shield": "roof"},
    ),
    "Agilent33220A": Case(
        agilent33220a,
        {"function": "square", "load": "high impedance", "amplitude": 2.0, "output": True},
        bad={"function": "triangle"},
    ),
    "RigolDS1054Z": Case(
        rigol,
        {"channel": 3, "volts_per_division": 0.5, "trigger_source": "line", "coupling": "AC"},
        rows=1200,
        bad={"trigger_slope": "sideways"},
    ),
    "LakeShore335": Case(
        lakeshore335,
        {"filter": True, "filter_points": 20},
    ),
    "LakeShore335Loop": Case(
        lakeshore335loop,
        {"heater_range": "medium", "p": 30.0, "ramp_rate": 2.0},
        arguments=(2,),
        bad={"heater_range": "highest"},
        settle=0.0,
    ),
    "ESP301Axis": Case(
        lambda identity="ESP301 Version 3.0.1 09/09/09": Newport(identity),
        {"velocity": 0.5, "upper_limit": 20.0},
        arguments=(2,),
    ),
    "ThorlabsKDC101": Case(
        lambda identity="KDC101": AptController(identity),
        {"velocity": 1.0, "acceleration": 1.0},
    ),
    "KeysightE36312A": Case(
        keysight,
        {"current_limit": 0.5},
        arguments=(2,),
    ),
    "StanfordDG645": Case(
        dg645,
        {"trigger": "line", "amplitude": 4.0, "polarity": "negative"},
        arguments=("C",),
        bad={"trigger": "whim"},
    ),
    "SimulatedLockIn": Case(None, {"frequency": 137.0, "noise": 0.0}),
    "SimulatedMultimeter": Case(None, {"bias": 2.0, "points": 7}, rows=7),
    "SimulatedSpectrometer": Case(None, {"pixels": 256, "exposure": 0.2}, rows=256),
    "SimulatedStageAxis": Case(None, {"speed": 5000.0, "upper_limit": 20.0}, value=3.25),
}
