import type { Instrument } from '../../data/equipment.ts';
import { badge } from '../../elements/badge.ts';

export const STATUSES: Record<Instrument['status'], string> = {
  available: 'available',
  in_use: 'in use',
  maintenance: 'maintenance',
  retired: 'retired',
};

export function instrumentBadge(status: Instrument['status']) {
  if (status === 'available') return badge(STATUSES[status], 'success', 'check');
  if (status === 'in_use') return badge(STATUSES[status], 'brand', 'pulse');
  if (status === 'maintenance') return badge(STATUSES[status], 'warning', 'alert');
  return badge(STATUSES[status], 'neutral', 'archive');
}
