// Elements by name, and elements from nothing: texts are always texts, never markup.

/** The element of that id, which the page has. @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] of the element; `class` and names with a dash are attributes.
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class' || name === 'for' || name.includes('-')) element.setAttribute(name, String(value));
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Says a change of state to those who listen to the page. */
export function announce(text) {
  byId('announce').textContent = text;
}

/** Whether a text is shown, and the text. */
export function showText(element, text) {
  element.textContent = text ?? '';
  element.hidden = text === undefined || text === '';
}
