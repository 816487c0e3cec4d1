/** A short notice that something was done, in the corner of the window; screen readers are told too. */
import '@awesome.me/webawesome/dist/components/toast/toast.js';

type Variant = 'success' | 'warning' | 'danger';

let toasts: HTMLElementTagNameMap['wa-toast'] | undefined;

/** For what went well. What went wrong stands where it happened, in a `registry-problem`. */
export async function notify(text: string, variant: Variant = 'success'): Promise<void> {
  if (!toasts) {
    toasts = document.createElement('wa-toast');
    toasts.placement = 'bottom-end';
    document.body.append(toasts);
  }
  await toasts.updateComplete;
  await toasts.create(text, { variant });
}
