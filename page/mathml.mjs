// MathML of the service in the page: what is no mathematics is left out, so that no markup of anybody can do anything here.

const NAMESPACE = 'http://www.w3.org/1998/Math/MathML';
const ELEMENTS = new Set(
  'math mrow mi mn mo mtext ms mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle mpadded mphantom'.split(
    ' ',
  ),
);
const ATTRIBUTES = new Set(
  'display width height depth stretchy fence separator form mathvariant lspace rspace accent linethickness'.split(' '),
);

/**
 * The formula as an element.
 *
 * @param {string} text a `math` element
 * @returns {Element | undefined} undefined where it is no MathML
 */
export function formula(text) {
  // As XML nothing is executed, loaded or even looked at by the policy of the page.
  const {documentElement: root} = new DOMParser().parseFromString(text, 'application/xml');
  if (root.localName !== 'math') return undefined;
  const made = rebuilt(root);
  made.setAttribute('display', 'block');
  return made;
}

/** A copy of elements and attributes that are listed above; texts stay texts. */
function rebuilt(node) {
  const made = document.createElementNS(NAMESPACE, node.localName);
  for (const {name, value} of node.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) made.append(child.nodeValue ?? '');
    else if (child.nodeType === Node.ELEMENT_NODE && ELEMENTS.has(child.localName)) made.append(rebuilt(child));
  }
  return made;
}
