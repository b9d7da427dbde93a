export { archiveChecks, archiveMappingChecks } from '../checks/archives.ts';
