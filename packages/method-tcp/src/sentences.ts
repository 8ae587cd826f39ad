/** Parts of the learned sentences and teacher templates that the authors have for single data sets, where they are not the defaults. */
const SENTENCES = {
  oxford_pets: { after: ', a type of pet.' },
  oxford_flowers: { after: ', a type of flower.' },
  fgvc_aircraft: { after: ', a type of aircraft.', teacher: 'a photo of an aircraft {}.' },
  dtd: { after: ' texture.', teacher: 'a photo of a {}, a type of texture.' },
  stanford_cars: { after: ', a type of car' },
  food101: { after: ', a type of food.', teacher: 'a photo of a {}, a type of food.' },
  ucf101: { before: 'person doing' },
};

/** The sentences of the released code, as parts of presets. */
export const byDataset = Object.fromEntries(
  Object.entries(SENTENCES).map(([name, sentences]) => [name, { prompt: { use: 'tcp', ...sentences } }]),
);
