// A link to another page that keeps the time range and the filters.

import type { ComponentChildren } from "preact";
import { linkTo } from "../pure/route";
import { useRoute } from "../router";

interface Props {
  to: string[];
  extra?: Record<string, string>;
  class?: string;
  children: ComponentChildren;
  current?: boolean;
}

export function Link({ to, extra, class: name, children, current }: Props) {
  const route = useRoute();
  return (
    <a href={linkTo(to, route, extra)} class={name} aria-current={current ? "page" : undefined}>
      {children}
    </a>
  );
}
