/**
 * How many pixels of the window one pixel of an element takes: on a wall the page is enlarged (theme.css), and places in
 * the window are not.
 */
export function zoomOf(element: HTMLElement): number {
  const { width } = element.getBoundingClientRect();
  return element.offsetWidth > 0 && width > 0 ? width / element.offsetWidth : 1;
}
