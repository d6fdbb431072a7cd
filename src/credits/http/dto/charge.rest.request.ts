import { PurposeRestRequest } from './order.rest.request.js';

export class ChargeRestRequest extends PurposeRestRequest {}
