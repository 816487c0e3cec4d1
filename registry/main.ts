#!/usr/bin/env node
/** The file that `npx registry` runs. npx keeps its link to it across versions. */
import './main.js';
