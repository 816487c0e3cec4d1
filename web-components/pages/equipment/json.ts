import type { JsonObject } from '../../../registry/schemas/common.ts';
import { inputProblem } from '../../data/client.ts';

/**
 * Parses a JSON object that the user typed. If the text is not a JSON object, throws a problem that names the field.
 */
export function objectOf(text: string, field: string): JsonObject {
  let message = 'must be a JSON object, for example {"range": 1}';
  try {
    const value: unknown = JSON.parse(text.trim() || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as JsonObject;
    }
  } catch (error) {
    message = String(error instanceof Error ? error.message : error);
  }
  throw inputProblem(`${field}: ${message}`, 'Invalid JSON');
}
