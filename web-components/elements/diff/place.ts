export type Side = 'old' | 'new';

/** A line of a file, in the old or in the new version. */
export interface Place {
  path: string;
  side: Side;
  line: number;
}

export class PlaceEvent extends Event {
  readonly place: Place;
  constructor(place: Place) {
    super('place-chosen', { bubbles: true, composed: true });
    this.place = place;
  }
}
