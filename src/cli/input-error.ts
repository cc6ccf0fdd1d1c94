/** Of the room `api`, so that whoever reads input below the command line can say so as well. */
export { InputError } from '../text/input-error.ts';
