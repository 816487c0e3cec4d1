#!/usr/bin/env node
/** What `npx registry` runs: npx keeps its link to this file from one version to the next. */
import './main.js';
