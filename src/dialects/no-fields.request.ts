import { ApiSchema } from '@nestjs/swagger';

/** `{}` or no body at all; any field is refused. */
@ApiSchema({ description: 'No fields. The body may be left out altogether.' })
export class NoFieldsRequest {}
