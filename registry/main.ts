#!/usr/bin/env node
/** The file that `npx registry` runs. It must keep its name, because npx keeps a link to it across versions. */
import './main.js';
