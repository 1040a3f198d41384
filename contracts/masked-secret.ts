/** What stands for a password that is not shown. Written back, it means: as it was. */
export const MASKED_SECRET = "********";
