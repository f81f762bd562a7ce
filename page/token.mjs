// The token that a service may ask for: kept in the tab's session storage alone.
import {byId, showText} from './dom.mjs';
import {savedToken, saveToken} from './service.mjs';

let asking;

/**
 * Asks for a token; several requests that are refused at once ask once.
 *
 * @param {boolean} refused whether there was one
 * @returns {Promise<boolean>} whether there is another to try
 */
export function askToken(refused) {
  asking ??= ask(refused).finally(() => {
    asking = undefined;
  });
  return asking;
}

function ask(refused) {
  const dialog = byId('token-dialog');
  byId('token-open').hidden = false;
  byId('token').value = '';
  showText(byId('token-error'), refused ? 'The service did not take this token.' : undefined);
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      'close',
      () => {
        const token = byId('token').value.trim();
        byId('token').value = '';
        const use = dialog.returnValue === 'use' && token !== '';
        if (use) saveToken(token);
        resolve(use);
      },
      {once: true},
    );
  });
}

/** Lets the reader change the token at any time. @param {() => void} changed */
export function offerToken(changed) {
  if (savedToken() !== '') byId('token-open').hidden = false;
  byId('token-open').addEventListener('click', () => {
    void askToken(false).then((use) => use && changed());
  });
}
