import type { Service } from "../../../../contracts/settings";

export type { Service };

/** As in contracts/settings.ts, on config.yaml as it stands. */
export function isStopped(settings: Record<string, unknown> | undefined, service: Service): boolean {
  const services = settings?.services as
    Partial<Record<Service, { stopped?: unknown } | null>> | null | undefined;
  return services?.[service]?.stopped === true;
}
