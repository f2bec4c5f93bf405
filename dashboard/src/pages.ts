// All pages but the first, which come after it.

export { BaselineList } from "./pages/baselines/list";
export { BaselineView } from "./pages/baselines/view";
export { Compare } from "./pages/compare/compare";
export { DatasetList } from "./pages/datasets/list";
export { DatasetView } from "./pages/datasets/view";
export { DeadLetters } from "./pages/dead_letters/dead_letters";
export { DeviceList } from "./pages/devices/list";
export { DeviceView } from "./pages/devices/view";
export { Gate } from "./pages/gate/gate";
export { JobList } from "./pages/jobs/list";
export { NewJob } from "./pages/jobs/new";
export { JobView } from "./pages/jobs/view";
export { Playground } from "./pages/playground/playground";
