/** A colour of the style sheet as a canvas takes it: `light-dark(…)` is resolved for the scheme that the element has. */
export function colourOf(element: HTMLElement, name: `--${string}`): string {
  const before = element.style.color
  element.style.color = `var(${name})`
  const { color } = getComputedStyle(element)
  element.style.color = before
  return color
}
