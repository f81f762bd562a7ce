// In the place of packages that browsers have no use for: those that look for a binary, read and write image files, or draw on a terminal.
const refuse = () => {
  throw new Error('this needs Node: there are neither files nor terminals in a browser');
};
export default refuse;
export const PNG = {sync: {read: refuse, write: refuse}};
export const Presets = {};
export const SingleBar = refuse;
