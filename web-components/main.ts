/** The first thing that is loaded: the looks, then the app. */
import './app/app.ts';
import { registerComponentIcons } from './styles/component-icons.ts';
import { applyTheme } from './styles/theme.ts';

applyTheme();
registerComponentIcons();
