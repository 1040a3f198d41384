export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * Puts environment variables in the place of `${NAME}`; `$${` stands for `${` itself.
 * @param unset takes the names that the environment does not have
 */
export function withEnvironment(text: string, env: Environment, unset: Set<string>): string {
  return text.replace(REFERENCE, (_reference, name: string | undefined) => {
    if (name === undefined) return "${";
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) unset.add(name);
    return value ?? "";
  });
}
