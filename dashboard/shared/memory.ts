const PREFIX = "streampulse.";

/** What this browser remembers of how somebody wants to see things. A browser that keeps nothing is no fault. */
export function remembered<Value>(
  name: string,
  isValid: (value: unknown) => value is Value,
  usual: Value,
): Value {
  try {
    const text = localStorage.getItem(PREFIX + name);
    const value: unknown = text === null ? usual : JSON.parse(text);
    return isValid(value) ? value : usual;
  } catch {
    return usual;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // private browsing, or no room: then it is forgotten with the page
  }
}
