#!/usr/bin/env node
/**
 * The file that `npx registry` runs. The file must keep its name, because npx keeps a link to the file across versions.
 */
import './main.js';
