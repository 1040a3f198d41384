import { describeKills } from "./killing";

// fifty in all, in two files that run at the same time
describeKills("kill -9, the first twenty-five of fifty", [13, 12]);
