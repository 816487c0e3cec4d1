/** The entry point: sets the theme and icons and defines the app. */
import './app/app.ts';
import { registerComponentIcons } from './styles/component-icons.ts';
import { applyTheme } from './styles/theme.ts';

applyTheme();
registerComponentIcons();
