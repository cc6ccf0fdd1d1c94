/** Whether an answer came as protobuf is for its own Content-Type to say. */
export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

export function isProtobuf(contentType: string): boolean {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() === protobufMediaType;
}
