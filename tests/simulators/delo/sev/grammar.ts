/**
 * The exchange format's rules, retold from the vendor's XSD in a short notation so that every message
 * can be checked in passing. `Name:Type` with `?` none or one, `*` any number, `+` one or more; no mark is
 * exactly one. A child without `:Type` has the type of its own name, or text when there is none.
 * Attributes stand after `|`, `!` marks a required one. A type that begins with `=` has text content.
 */
export const GRAMMAR: Readonly<Record<string, string>> = {
  DocInfo: 'Header DocumentList TaskList? Subscriptions? Expansion:any?',
  Report: 'Header Notification DocumentList? TaskList? Expansion:any?',
  Envelop:
    'Address:string? MessageDir:string? Channel:string? Subject:string? Body:string? Sender:string? FailureFile:string? ReceiptDate:dateTime?',
  Header:
    'Sender Recipient ResourceList | MessageID! Version! TimeZone:int Time:dateTime! MessageType:messageType! ReturnID! ResourceID:int!',
  Sender: 'Contact EDMS',
  Recipient: 'Contact+ EDMS?',
  EDMS: '=string | UID! Version',
  Contact: 'Organization Department? OfficialPerson? Address* Econtact*',
  Organization: 'ShortName FullName? INN? OKPO? | UID',
  Department: 'Name Index? | UID',
  OfficialPerson: 'FIO? Post? Index? | UID',
  PrivatePerson: 'FIO Sex:sex? INN? Passport? Address* Econtact* SNILS? | UID',
  Passport: 'Series Number GivenBy?',
  Address: 'ZipCode? Region:coded? Settlement? Text?',
  Econtact: '=string | Type',
  ResourceList: 'Resource*',
  Resource: ' | UID! UniqueName!',
  DocumentList: 'Document+',
  Document:
    'RegistrationInfo Control:DocumentControl? Group:coded? Access:coded? Consists? Annotation? Note? Collective:boolean? Rubric:coded* File* Author:DocumentAuthor* Visa* Approval:any* Addressee* Writer* AdditionalField* Link* AccompDoc:any* EDocument:int? | UID DocumentID! Type:documentType! MainDocument:boolean! Status Version:int VersionUID',
  RegistrationInfo: 'Number Date:date',
  DocumentControl: 'Deadline:date? FactDate:date? | State:controlState!',
  DocumentAuthor: 'Contact? RegistrationInfo? PrivatePerson?',
  Visa: 'Contact SignDate:date? VisaInfo?',
  Addressee: 'Contact? PrivatePerson?',
  Writer: 'Contact AddInfo?',
  AdditionalField: '=string | Name! Type:fieldType!',
  Link: 'LinkType:coded | DocumentID Description URLString',
  File: 'Description Extension EDS* | UID! ResourceID:int! Size:int! eTag',
  EDS: '=string | ResourceID:int! Date:dateTime KindID:int Certificate',
  coded: '=string | UID',
  Notification:
    'InitialDoc Reception:dateTime? Failure? Registration? Forwarding* Consideration* Report:TaskReport* Redirection* Answer* Direction:any* SignInformation:any? Editing:any? ProjectRegistrationNotification:any?',
  InitialDoc: 'Number Date:date Group:coded? | UID! VersionUID',
  Failure: '=string | Code:int!',
  Registration: ' | DocumentID SystemDate:dateTime',
  Forwarding: 'Contact Date:dateTime',
  Consideration: ' | TaskID InitialTaskUID',
  TaskReport: ' | TaskID',
  Redirection: 'Contact? PrivatePerson? Date:dateTime Type:coded',
  Answer: 'Date:dateTime Type:coded | DocumentID!',
  TaskList: 'Task+',
  Task: 'Number? Author:ResolutionAuthor? Text? File* Executor* Control? Note? Category:coded? Parent? IsProject:boolean | UID! TaskID! Type:taskType! Privacy:boolean!',
  ResolutionAuthor: 'Contact SignDate:date',
  Executor: 'Contact Text? Date:dateTime? Status:coded? File* | UID Responsible:boolean!',
  Control: 'Contact? Deadline:date? Summary? FactDate:date? Resume? | State:controlState',
  Parent: ' | DocumentID TaskID',
  Subscriptions:
    'Reception:event Registration:event Forwarding:advance Consideration:advance TaskDecoration:any? Report:event Redirection:event Answer:event VisaDirection:event? SignDirection:event? VisaInformation:event? SignInformation:event? ProjectRegistrationSubscription:event? | StopDayCount:int!',
  event: ' | Include:boolean!',
  advance: ' | Include:boolean! AdvanceInfo:advanceInfo',
};

const DAY = '-?\\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])';
const ZONE = '(Z|[+-](0\\d|1[0-4]):[0-5]\\d)?';

/** Text content that is not free. */
export const SIMPLE_TYPES: Readonly<Record<string, RegExp>> = {
  string: /^/,
  int: /^\s*[+-]?\d{1,10}\s*$/,
  boolean: /^\s*(true|false|0|1)\s*$/,
  date: new RegExp(`^\\s*${DAY}${ZONE}\\s*$`),
  dateTime: new RegExp(`^\\s*${DAY}T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d+)?${ZONE}\\s*$`),
  messageType: /^(MainDoc|AddToDoc|Reception|Failure|Report|Editing)$/,
  documentType: /^(Created|Incoming|Project)$/,
  controlState: /^(NoControl|UnderControl|EndedControl)$/,
  fieldType: /^(Text|Date|Decimal|Flag)$/,
  taskType: /^(Resolution|Point)$/,
  advanceInfo: /^(First|All)$/,
  sex: /^(Female|Male|Undefined)$/,
};
