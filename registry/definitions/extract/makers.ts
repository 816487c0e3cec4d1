/**
 * Manufacturers of laboratory instruments, in lower case and without spaces. A folder named after a manufacturer
 * contains definitions of that manufacturer's instruments.
 */
export const MAKERS: ReadonlySet<string> = new Set(
  (
    'aerotech agilent aimtti alazartech ametek ami anapico andeen-hagerling andor anritsu apsin ' +
    'attocube aviosys avantes axon basler bertan bkprecision bluefors bristol brooks bruker burleigh ' +
    'cambridgemagnetic coherent comedi coppermountain cryocon cryogenic cryomagnetics danfysik datatranslation ' +
    'deltaelektronika digilent dektak eastsun edwards eurotest eurotherm fluke ftdi fei flir galil gammavacuum ' +
    'gentec glassman gmw gwinstek hamamatsu hameg hcp heidenhain heinzinger hewlettpackard hidenanalytical holmarc holzworth horiba hp hubner iba ids inficon ' +
    'inheco innosent intelgentmotion ipgphotonics isotech jai janis jena jenoptik kdscientific keithley keopsys kepco keysight kikusui kuhneelectronic ' +
    'kurtjlesker labjack lakeshore laserquantum lecroy leybold lighthouse m2 magnet-physik mantracourt marconi mcc mclennan measurementcomputing metrohm mettlertoledo micro-epsilon microchip millimetrix minicircuits mks mksinst montana moglabs ' +
    'nationalinstruments newfocus newport nfcorp ni nikon novatech oceaninsight oceanoptics olympus omega ophir opalkelly owis oxford oxfordinstruments parker pasternack pco pfeiffer pfeiffervacuum ' +
    'photometrics physikinstrumente pi picoquant picotech picotechnology piezosystemjena princetoninstruments proterial ptw pumplabs qblox qdevil qinstruments quantummachines qutech quantumcomposers quantumdesign racal raicol raritan razorbill rigol ' +
    'rohdeschwarz rohdeandschwarz rs santec scientificinstruments sensirion signalcore signalrecovery siglent siglenttechnologies smaract spectra-physics spectraphysics spectrum srs stahl standa stanfordresearch stanfordresearchsystems stresing suss swabian tabor tcpowerconversion tdk-lambda tdklambda tektronix teledyne ' +
    'teledynelecroy temptronic texio texasinstruments thermofisher thermotron thorlabs thorlab thyracont toptica toptron trinamic varian velox vescent voltcraft weinschel windfreak xenics yokogawa ' +
    'zaber zi zurichinstruments zeiss zhinst'
  ).split(' '),
);
