/** Where documents call the package by its name: behind what installs, runs or imports it. */
const NAMED = /(npm install --global |(?<=entry `|from ')(?=[^`'\s]+\/client[`']))(@[a-z0-9][\w.-]*\/[a-z0-9][\w.-]*)/g

/** The text with the package under the name that package.json gives it. */
export function fillPackageName(text: string, name: string): string {
  return text.replace(NAMED, (_, before: string) => `${before}${name}`)
}
