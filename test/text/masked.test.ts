/** What a text of one lab's computer tells about the lab is masked for other labs. */
import t from 'tap';
import { masked } from '../../text/masked.ts';

t.test('paths, addresses, serial numbers and names are masked', async (t) => {
  const cases: [text: string, masked: string][] = [
    ['at GPIB0::8::INSTR', 'at …'],
    ['USB0::0x0957::0x1507::MY48003333::INSTR answered', '… answered'],
    ['TCPIP0::192.168.1.7::5025::SOCKET: no answer', '…: no answer'],
    ['ASRL/dev/ttyUSB0::INSTR', '…'],
    ['opens COM3', 'opens …'],
    ['File "/home/ada/lab/SR830.py", line 3', 'File "…", line 3'],
    ['File "C:\\Users\\ada\\SR830.py", line 3', 'File "…", line 3'],
    ['\\\\server\\share\\x.csv', '…'],
    ['~/data/run.csv is missing', '… is missing'],
    ['connects to 10.0.0.12', 'connects to …'],
    ['fe80:0:0:0:1:2:3:4 and 00:1a:2b:3c:4d:5e', '… and …'],
    ['ask ada@lab.example', 'ask …'],
    ['serial number: AB-1234', 'serial number: …'],
    ['S/N 778812 is wrong', 'S/N … is wrong'],
    [
      'got "Stanford_Research_Systems,SR830,s/n12345,ver1.07"',
      'got "Stanford_Research_Systems,SR830,…,ver1.07"',
    ],
    ['path=/home/ada/x.py, url:http://10.0.0.1:8080/x', 'path=…, …'],
    ['KEITHLEY INSTRUMENTS INC.,MODEL 2400,4321,C30', 'KEITHLEY INSTRUMENTS INC.,MODEL 2400,…,C30'],
    ['on BENCH-01 and bench-01', 'on … and …'],
  ];
  for (const [text, expected] of cases) t.equal(masked(text, ['Bench-01']), expected, text);
});

t.test('what everybody may know stays', async (t) => {
  for (const text of [
    'sent *RST, expected *CLS',
    'tests/connect.jsonl: step 3, SR830.py:41',
    '0.003,0.004,0.005,0.006',
    'numpy 2.3.1, Python 3.13.1',
    'V/√Hz at 1:2',
    'the unit is m/s, and 3/4 of 1/2',
  ])
    t.equal(masked(text, ['Bench-01', 'a']), text);
});
